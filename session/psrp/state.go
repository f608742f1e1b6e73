package psrp

import "fmt"

// PoolState is the state of a runspace pool. [MS-PSRP] 2.2.3.4
type PoolState int32

// The states of a runspace pool.
const (
	PoolBeforeOpen           PoolState = 0
	PoolOpening              PoolState = 1
	PoolOpened               PoolState = 2
	PoolClosed               PoolState = 3
	PoolClosing              PoolState = 4
	PoolBroken               PoolState = 5
	PoolNegotiationSent      PoolState = 6
	PoolNegotiationSucceeded PoolState = 7
	PoolConnecting           PoolState = 8
	PoolDisconnected         PoolState = 9
)

// String gives the state's name in [MS-PSRP].
func (s PoolState) String() string {
	names := [...]string{
		"BeforeOpen", "Opening", "Opened", "Closed", "Closing", "Broken",
		"NegotiationSent", "NegotiationSucceeded", "Connecting", "Disconnected",
	}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("PoolState(%d)", int32(s))
	}
	return names[s]
}

// Over tells whether nothing more can come of the pool.
func (s PoolState) Over() bool { return s == PoolClosed || s == PoolClosing || s == PoolBroken }

// PipelineState is the state of a pipeline. [MS-PSRP] 2.2.3.5
type PipelineState int32

// The states of a pipeline.
const (
	PipelineNotStarted   PipelineState = 0
	PipelineRunning      PipelineState = 1
	PipelineStopping     PipelineState = 2
	PipelineStopped      PipelineState = 3
	PipelineCompleted    PipelineState = 4
	PipelineFailed       PipelineState = 5
	PipelineDisconnected PipelineState = 6
)

// String gives the state's name in [MS-PSRP].
func (s PipelineState) String() string {
	names := [...]string{"NotStarted", "Running", "Stopping", "Stopped", "Completed", "Failed", "Disconnected"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("PipelineState(%d)", int32(s))
	}
	return names[s]
}

// Over tells whether the pipeline has ended: Stopped, Completed or Failed. A
// server may still send records after that; only closing the command ends it.
func (s PipelineState) Over() bool {
	return s == PipelineStopped || s == PipelineCompleted || s == PipelineFailed
}

// StateError tells that an operation does not fit the state of its pool or
// pipeline.
type StateError struct {
	Op    string // what was tried, such as "create a pipeline"
	State string // the state that forbids it, such as "pool is Closed"
}

func (e *StateError) Error() string { return "cannot " + e.Op + ": " + e.State }

// VersionError tells that the two sides have no protocol version in common.
type VersionError struct {
	Ours, Theirs string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the other side speaks version %q of the remoting protocol, this side speaks %s", e.Theirs, e.Ours)
}
