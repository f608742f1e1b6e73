package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab"
	"psdeck/session/psrp"
)

// labSession opens a session on the lab's own Contoso, all of it in memory. On
// a real host, the network is the system's and the target names that host.
func labSession(ctx context.Context, change func(*session.Target)) (s *session.Session, done func(), err error) {
	l, err := lab.Start(ctx, lab.Options{InMemory: true})
	if err != nil {
		return nil, nil, err
	}
	tenant := l.Tenants()[0]
	target := session.Target{
		UserName: tenant.UserName, Authentication: "basic", OverridePowerShellURI: tenant.BasicURI, Env: session.Dev,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(tenant.Password), nil },
	}
	if change != nil {
		change(&target)
	}
	connector := session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}})
	if s, err = connector.Connect(ctx, target, nil); err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	return s, func() {
		if err := errors.Join(s.Close(ctx), l.Close()); err != nil {
			log.Print(err)
		}
	}, nil
}

// A session is opened, a line runs in it, its records are read as they come.
func Example() {
	ctx := context.Background()
	s, done, err := labSession(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer done()
	fmt.Println("tenant:", s.Proof().Label())

	run, err := s.Run(ctx, "Get-CsTenant", session.RunOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for {
		records, err := run.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range records {
			switch r.Stream {
			case session.StreamOutput:
				name, _ := r.Value.Object().Get("DisplayName")
				fmt.Println("output:", name)
			case session.StreamError:
				fmt.Println("error:", r.Error)
			}
		}
	}
	fmt.Println(run.Result().Outcome)
	// Output:
	// tenant: Contoso
	// output: Contoso
	// completed
}

// Nothing that may change a tenant is sent from a session that only reads.
func ExampleSession_Check() {
	ctx := context.Background()
	s, done, err := labSession(ctx, func(t *session.Target) { t.ReadOnly = true })
	if err != nil {
		log.Fatal(err)
	}
	defer done()
	for _, line := range []string{"Get-CsOnlineUser -ResultSize 5", "Set-CsUser ada -Enabled $false"} {
		verdict, err := s.Check(line)
		fmt.Println(verdict.Decision == session.Allowed, verdict.Reason, err)
	}
	_, err = s.Run(ctx, "Set-CsUser ada -Enabled $false", session.RunOptions{})
	var refused *session.RefusedError
	fmt.Println(errors.As(err, &refused))
	// Output:
	// true  <nil>
	// false read-only: Set-CsUser is not known to only read <nil>
	// true
}

// A pipeline made of values, fed while it runs.
func ExampleSession_RunPipeline() {
	ctx := context.Background()
	s, done, err := labSession(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer done()
	input := make(chan clixml.Value)
	run, err := s.RunPipeline(ctx, psrp.Commands(psrp.Command{Name: "Write-Output"}), input, session.RunOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		input <- clixml.Str(text)
		records, err := run.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(records[0].Value)
	}
	close(input)
	res, err := run.Wait(ctx)
	fmt.Println(res.Outcome, res.Objects, err)
	// Output:
	// one
	// two
	// completed 2 <nil>
}

// A question of the server holds up its command until somebody answers it.
func ExamplePrompt() {
	ctx := context.Background()
	s, done, err := labSession(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer done()
	run, err := s.Run(ctx, "Read-Host 'Your name'", session.RunOptions{Confirmed: true})
	if err != nil {
		log.Fatal(err)
	}
	for {
		records, err := run.Next(ctx)
		if err != nil {
			break
		}
		for _, r := range records {
			switch r.Stream {
			case session.StreamPrompt:
				fmt.Println("asked for:", r.Prompt.Fields[0].Name)
				if err := r.Prompt.Fill(ctx, []string{"Ada"}); err != nil {
					log.Fatal(err)
				}
			case session.StreamOutput:
				fmt.Println("answered:", r.Value)
			}
		}
	}
	// Output:
	// asked for: Your name
	// answered: Ada
}

// An error of connecting says what was being done and what to do next.
func ExampleHintsOf() {
	_, _, err := labSession(context.Background(), func(t *session.Target) {
		t.Password = func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("wrong"), nil }
	})
	fmt.Println(err != nil, len(session.HintsOf(err)) > 0)
	// Output: true true
}
