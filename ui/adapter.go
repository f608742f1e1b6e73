package ui

import (
	"context"

	"psdeck/session"
	"psdeck/session/complete"
)

// Sessions makes a [Connector] of the Connect method of a [session.Connector]
// or a [session.Manager].
func Sessions(connect func(context.Context, session.Target, func(session.Event)) (*session.Session, error)) Connector {
	return sessions(connect)
}

// Local makes a [Runner] of the home session.
func Local(r session.Runner) Runner { return runner{r} }

type sessions func(context.Context, session.Target, func(session.Event)) (*session.Session, error)

func (s sessions) Connect(ctx context.Context, t session.Target, watch func(session.Event)) (Session, error) {
	live, err := s(ctx, t, watch)
	if err != nil {
		return nil, err
	}
	return liveSession{live}, nil
}

// liveSession is a session whose Run gives the interface of this package.
type liveSession struct{ *session.Session }

func (s liveSession) Run(ctx context.Context, line string, o session.RunOptions) (Command, error) {
	return runner{s.Session}.Run(ctx, line, o)
}

type runner struct{ session.Runner }

func (r runner) Run(ctx context.Context, line string, o session.RunOptions) (Command, error) {
	started, err := r.Runner.Run(ctx, line, o)
	if err != nil {
		return nil, err
	}
	return liveRun{started}, nil
}

type liveRun struct{ *session.Run }

func (liveRun) Answer(ctx context.Context, p *session.Prompt, a Answer) error {
	switch {
	case a.Refused:
		return p.Refuse(ctx)
	case p.Kind == session.PromptChoice:
		return p.Choose(ctx, a.Choice)
	default:
		return p.Fill(ctx, a.Fields)
	}
}

// completer is a runner whose lines can be completed from what is known here.
type completer interface{ Completion() *complete.Env }

// Completion hands on what the home session knows.
func (r runner) Completion() *complete.Env {
	if c, ok := r.Runner.(completer); ok {
		return c.Completion()
	}
	return &complete.Env{}
}
