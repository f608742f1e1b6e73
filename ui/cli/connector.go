package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/ui/headless"
)

// withConnector makes the connector of a process, with its journal and trace.
func withConnector(s Streams, f *headless.TargetFlags, use func(*session.Connector) int) int {
	dir, err := headless.StateDir()
	if err != nil {
		return headless.Report(s.Err, err)
	}
	journal, closer, err := session.OpenJournal(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		return headless.Report(s.Err, &session.Error{Err: err, Hints: []string{"PSDECK_STATE_DIR says where psdeck keeps its state"}, Class: session.ClassUsage})
	}
	defer closer.Close()
	cfg := session.ConnectorConfig{Network: &f.Network, Journal: journal, Width: s.Width, Height: 30}
	if f.Trace != "" {
		trace, err := os.OpenFile(f.Trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return usage(s, fmt.Errorf("--trace: %w", err), "give the path of a file that can be written")
		}
		defer trace.Close()
		cfg.Trace = trace
	}
	cfg.Broker = newBroker(s, f, auth.NewVault(filepath.Join(dir, "tokens"), s.Keyring))
	cfg.Catalogs = session.OpenCatalogs(filepath.Join(dir, "catalogs"), nil)
	return use(session.NewConnector(cfg))
}
