package wsman_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/google/uuid"

	"psdeck/session/wsman"
)

// A toy server: it echoes what the command was given, then is done.
func echo() *httptest.Server {
	var arguments string
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var req struct {
			Action    string `xml:"Header>Action"`
			Message   string `xml:"Header>MessageID"`
			Arguments string `xml:"Body>CommandLine>Arguments"`
		}
		if err := xml.Unmarshal(body, &req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		const shell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
		var answer string
		switch req.Action {
		case wsman.ActionCreate:
			answer = `<r:Shell><r:ShellId>11111111-2222-3333-4444-555555555555</r:ShellId></r:Shell>`
		case wsman.ActionCommand:
			arguments = req.Arguments
		case wsman.ActionReceive:
			answer = `<r:ReceiveResponse><r:Stream Name="stdout">` + arguments +
				`</r:Stream><r:CommandState State="` + shell + `/CommandState/Done"/></r:ReceiveResponse>`
		}
		w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
		fmt.Fprintf(w, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:r="%s"><s:Header><RelatesTo>%s</RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>`,
			shell, req.Message, answer)
	}))
}

// A shell is created, a command run in it, its output read until it is done.
func Example() {
	srv := echo()
	defer srv.Close()
	endpoint, _ := url.Parse(srv.URL + "/wsman")

	client, err := wsman.New(wsman.Config{URL: endpoint})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx := context.Background()

	shell, err := client.Create(ctx, wsman.ShellRequest{ShellID: uuid.New()})
	if err != nil {
		log.Fatal(err)
	}
	command, err := shell.Command(ctx, uuid.New(), "", []byte("Get-Date"))
	if err != nil {
		log.Fatal(err)
	}
	for {
		got, err := shell.Receive(ctx, command)
		if err != nil {
			log.Fatal(err)
		}
		for _, chunk := range got.Streams {
			fmt.Printf("%s: %s\n", chunk.Name, chunk.Data)
		}
		if got.Done {
			break
		}
	}
	if err := shell.Signal(ctx, command, wsman.SignalTerminate); err != nil {
		log.Fatal(err)
	}
	if err := shell.Delete(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: stdout: Get-Date
}

// What a server refuses is a Fault with WinRM's code.
func ExampleFault() {
	var err error = &wsman.Fault{Code: wsman.CodeQuotaShells, Reason: "Too many shells.", Action: wsman.ActionCreate}

	if fault, ok := errors.AsType[*wsman.Fault](err); ok && fault.IsQuota() {
		fmt.Println(fault)
	}
	// Output: Too many shells. (error 2150859173, 0x803381A5)
}

// Credentials over plain http to another machine are refused before anything
// is sent.
func ExampleNew() {
	endpoint, _ := url.Parse("http://server.contoso.example:5985/wsman")
	_, err := wsman.New(wsman.Config{
		URL: endpoint,
		Authorize: func(_ context.Context, req *http.Request, _ []string) error {
			req.SetBasicAuth("user", "secret")
			return nil
		},
	})
	fmt.Println(err)
	// Output: wsman: credentials are not sent to server.contoso.example:5985 over plain http
}
