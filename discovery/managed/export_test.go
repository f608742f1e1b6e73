package managed

// Parsers read lists as files and commands write them.
var Parsers = []func([]byte) ([]Tenant, error){parseTOML, parseJSON}
