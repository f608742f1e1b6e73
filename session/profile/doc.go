// Package profile reads the file of profiles: places to connect to under names
// of a person's own, in TOML, with groups that profiles inherit from.
//
//	[group.contoso]
//	env = "prod"
//
//	[profile.contoso]
//	group = "contoso"
//	user_name = "admin@partner.example"
//	override_admin_domain = "contoso.example"
//	session_option = { IdleTimeout = "15m" }
//
// A key is the name of a command-line flag with underscores; what a key takes,
// the flag knows. A file holds no secret: keys that would are refused.
//
// The package is pure: it takes text and gives settings, and edits text without
// touching what it does not have to, comments and order included.
package profile
