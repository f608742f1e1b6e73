package psrp

import "psdeck/session/clixml"

// StringAnswer answers ReadLine.
func StringAnswer(call HostCall, text string) HostResponse { return answer(call, clixml.Str(text)) }

// SecureStringAnswer answers ReadLineAsSecureString.
func SecureStringAnswer(call HostCall, secret clixml.SecureString) HostResponse {
	return answer(call, clixml.Of(secret))
}

// ChoiceAnswer answers PromptForChoice with the number of a choice, from 0.
func ChoiceAnswer(call HostCall, choice int) HostResponse {
	return answer(call, clixml.Int32(int32(choice)))
}

// ChoicesAnswer answers PromptForChoiceMultipleSelection.
func ChoicesAnswer(call HostCall, choices []int) HostResponse {
	items := make([]clixml.Value, len(choices))
	for i, c := range choices {
		items[i] = clixml.Int32(int32(c))
	}
	return answer(call, clixml.Obj(arrayList(items)))
}

// PromptAnswer answers Prompt: field names with their values, which must be of
// the types that the fields name.
func PromptAnswer(call HostCall, fields []clixml.Entry) HostResponse {
	return answer(call, clixml.Obj(clixml.Hashtable(fields...)))
}

// CredentialAnswer answers PromptForCredential.
func CredentialAnswer(call HostCall, userName string, password clixml.SecureString) HostResponse {
	return answer(call, Credential(userName, password))
}

// KeyPressAnswer answers ReadKey.
func KeyPressAnswer(call HostCall, key KeyInfo) HostResponse { return answer(call, key.encode()) }

// ValueAnswer answers any method with a value of the type that it returns.
func ValueAnswer(call HostCall, v clixml.Value) HostResponse { return answer(call, v) }

// ErrorAnswer tells that the host could not do what the call asked.
func ErrorAnswer(call HostCall, e *ErrorRecord) HostResponse {
	r := answer(call, clixml.Null())
	r.Err = e
	return r
}

func answer(call HostCall, v clixml.Value) HostResponse {
	return HostResponse{PipelineID: call.PipelineID, CallID: call.CallID, Method: call.Method, Value: v}
}

// Credential makes a PSCredential.
func Credential(userName string, password clixml.SecureString) clixml.Value {
	const name = "System.Management.Automation.PSCredential"
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{name, "System.Object"},
		ToString:  name, HasToString: true,
		Props: []clixml.Property{clixml.Prop("UserName", userName), clixml.Prop("Password", password)},
	})
}
