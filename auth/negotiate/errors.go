package negotiate

// Kind says why a connection could not be authenticated.
type Kind string

// The kinds of failure.
const (
	KindUsage     Kind = "usage"          // something needed was not given
	KindPassword  Kind = "wrong password" // or an unknown account
	KindAccount   Kind = "account unusable"
	KindOffered   Kind = "not offered" // the server does not offer the mechanism
	KindSkew      Kind = "clock skew"
	KindRealm     Kind = "unknown realm"
	KindKDC       Kind = "KDC unreachable"
	KindSPN       Kind = "wrong SPN" // the service is not known by that name
	KindCipher    Kind = "weak cipher"
	KindTicket    Kind = "no ticket"
	KindRefused   Kind = "refused" // by the server, or by its KDC
	KindServer    Kind = "server not proved"
	KindTampered  Kind = "tampered" // a token or a message was altered on the way
	KindUndefined Kind = "other"
)

// Error is an authentication that failed.
type Error struct {
	Kind Kind
	Msg  string // one sentence
	Hint string // the next step for the person
	Err  error  // a cause that is safe to show; may be nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
