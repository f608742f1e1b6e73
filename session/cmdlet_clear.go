package session

// clearCmdlet clears the screen that the line was typed at. In PowerShell it is
// a function of the host, and no server's.
func clearCmdlet() *cmdlet {
	return &cmdlet{
		name: "Clear-Host", about: "Clears the output of the tab it is typed in.", class: "Clear-Host", sets: []string{""},
		run: func(c *call) error {
			c.out.run.emit(c.ctx, Record{Stream: StreamClear})
			return nil
		},
	}
}
