package psrp_test

import (
	"fmt"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// wire stands for a transport: what one side makes, the other is fed.
type wire struct {
	client *psrp.Client
	server *psrp.Server
}

func (w wire) toServer(out psrp.Outgoing, err error) []psrp.Event {
	if err != nil {
		panic(err)
	}
	events, err := w.server.Feed(out.PipelineID, out.Stream, out.Bytes())
	if err != nil {
		panic(err)
	}
	return events
}

func (w wire) toClient(out psrp.Outgoing, err error) []psrp.Event {
	if err != nil {
		panic(err)
	}
	events, err := w.client.Feed(out.PipelineID, out.Bytes())
	if err != nil {
		panic(err)
	}
	return events
}

// A whole conversation, with both sides in one program: a pool is opened, a
// pipeline created, its output read.
func Example() {
	w := wire{psrp.NewClient(psrp.ClientConfig{}), psrp.NewServer(psrp.ServerConfig{})}
	w.toServer(w.client.Open())
	w.toClient(w.server.Opened(nil))
	fmt.Println("the pool is", w.client.State(), "and both speak", w.client.Protocol())

	id, out, err := w.client.CreatePipeline(psrp.Commands(psrp.Command{
		Name: "Get-User", Parameters: []psrp.Parameter{{Name: "First", Value: clixml.Int32(2)}},
	}))
	for _, ev := range w.toServer(out, err) {
		asked := ev.(psrp.PipelineRequested).Request.Commands[0]
		fmt.Println("the server is asked for", asked.Name, asked.Parameters[0].Name, asked.Parameters[0].Value)
	}
	for _, name := range []string{"Ada", "Grace"} {
		for _, ev := range w.toClient(w.server.Output(id, clixml.Str(name))) {
			fmt.Println("output:", ev.(psrp.Output).Value)
		}
	}
	for _, ev := range w.toClient(w.server.PipelineState(id, psrp.PipelineCompleted, nil)) {
		fmt.Println("the pipeline is", ev.(psrp.PipelineStateChanged).State)
	}
	// Output:
	// the pool is Opened and both speak 2.3
	// the server is asked for Get-User First 2
	// output: Ada
	// output: Grace
	// the pipeline is Completed
}

// A host call asks something of the client: Decode says what, and an answer of
// the right type goes back on the stream of answers.
func ExampleHostCall_Decode() {
	w := wire{psrp.NewClient(psrp.ClientConfig{Host: psrp.Console(80, 25)}), psrp.NewServer(psrp.ServerConfig{})}
	w.toServer(w.client.Open())
	w.toClient(w.server.Opened(nil))
	id, out, err := w.client.CreatePipeline(psrp.Script("Remove-User Ada"))
	w.toServer(out, err)

	question, err := psrp.NewHostCall(psrp.PromptForChoice{
		Caption: "Confirm", Message: "Are you sure?", Choices: []psrp.Choice{{Label: "&Yes"}, {Label: "&No"}},
	})
	if err != nil {
		panic(err)
	}
	_, out, err = w.server.HostCall(id, question)
	call := w.toClient(out, err)[0].(psrp.HostCallReceived).Call
	asked, err := call.Decode()
	if err != nil {
		panic(err)
	}
	switch asked := asked.(type) {
	case psrp.PromptForChoice:
		fmt.Println(asked.Message, asked.Choices[1].Label)
	}
	out, err = w.client.Respond(psrp.ChoiceAnswer(call, 1))
	fmt.Println("answered on", out.Stream)
	answer := w.toServer(out, err)[0].(psrp.HostResponded)
	fmt.Println("the server hears", answer.Value)
	// Output:
	// Are you sure? &No
	// answered on pr
	// the server hears 1
}

// Bytes come cut anywhere; a fragment that does not follow the one before it
// is an error that names both.
func ExampleReassembler() {
	message, err := psrp.NewMessage(psrp.ToClient, uuid.UUID{1}, uuid.UUID{2}, psrp.OutputObject{Value: clixml.Str("a text that takes several fragments")})
	if err != nil {
		panic(err)
	}
	fragmenter := psrp.Fragmenter{Size: 48}
	fragments := fragmenter.Split(message.Append(nil))

	var whole psrp.Reassembler
	for _, f := range fragments {
		for _, half := range [][]byte{f[:5], f[5:]} {
			messages, err := whole.Feed(half)
			for _, m := range messages {
				fmt.Println(m.Type, err)
			}
		}
	}
	var gap psrp.Reassembler
	if _, err := gap.Feed(fragments[0]); err != nil {
		panic(err)
	}
	_, err = gap.Feed(fragments[2])
	fmt.Println(err)
	// Output:
	// PIPELINE_OUTPUT <nil>
	// psrp fragment 2 of object 1: fragment 1 should come now
}
