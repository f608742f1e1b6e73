package session

import (
	"fmt"
	"strconv"
)

// each does something with each session that is meant, where -WhatIf and
// -Confirm let it.
func (c *call) each(operation string, do func(*entry) error) error {
	one := func(e *entry) error {
		if ok, err := c.should(operation, e); err != nil || !ok {
			return err
		}
		return do(e)
	}
	if c.connects() {
		return c.sessionsThere(one)
	}
	list, err := c.chosen()
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := one(e); err != nil {
			return err
		}
	}
	return nil
}

// connects tells that the sessions are those which servers keep.
func (c *call) connects() bool {
	return c.cmdlet.name != "Remove-PSSession" && c.has("ComputerName") || c.has("ConnectionUri")
}

// The answers to -Confirm, in the order in which PowerShell shows them.
const (
	confirmYes = iota
	confirmAll
	confirmNo
	confirmNone
)

// should asks what -WhatIf and -Confirm say of an operation: nothing is done
// where it is only said, or not confirmed.
func (c *call) should(operation string, e *entry) (bool, error) {
	what := fmt.Sprintf(`Performing the operation "%s" on target "%s".`, operation, e.name)
	switch {
	case c.on("WhatIf"):
		c.out.run.emit(c.ctx, Record{Stream: StreamHost, Text: "What if: " + what})
		return false, nil
	case !c.on("Confirm"), c.confirmed == confirmAll:
		return true, nil
	case c.confirmed == confirmNone:
		return false, nil
	}
	answers, err := c.ask(Prompt{
		Kind: PromptChoice, Caption: "Confirm", Message: "Are you sure you want to perform this action?\n" + what + fmt.Sprintf("\nThat is session %d: %s.", e.number, e.tenant()),
		Choices: []Choice{
			{"&Yes", "do this one"},
			{"Yes to &All", "do this one and all that follow"},
			{"&No", "leave this one out"},
			{"No to A&ll", "leave this one out and all that follow"},
		},
		Default: []int{confirmYes},
	})
	if err != nil {
		return false, err
	}
	c.confirmed, err = strconv.Atoi(answers[0])
	return c.confirmed == confirmYes || c.confirmed == confirmAll, err
}
