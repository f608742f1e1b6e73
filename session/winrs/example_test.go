package winrs_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/url"

	"psdeck/session/winrs"
	"psdeck/session/wsman"
)

// A command line is run and its output read.
func Example() {
	endpoint, _ := url.Parse("https://server.contoso.example:5986/wsman")
	connection, err := wsman.New(wsman.Config{URL: endpoint})
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()

	process, err := winrs.New(connection).Run(context.Background(), winrs.Command{Line: "Get-Service", PowerShell: true})
	if err != nil {
		log.Fatal(err)
	}
	exit, err := process.Wait()
	if err != nil {
		log.Fatal(err)
	}
	output, _ := io.ReadAll(process.Stdout)
	fmt.Printf("%s\nexit code %d\n", output, exit)
}
