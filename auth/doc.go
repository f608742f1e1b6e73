// Package auth answers "who am I": it gets tokens from an authority, keeps
// them apart, and puts them on requests.
//
// The words of the package:
//
//   - a [Challenge] is what a server says when it refuses a request without
//     credentials: which scheme, which authority, for which client
//     ([Probe], [ParseChallenges]);
//   - an authority issues tokens: https://login.microsoftonline.com/<tenant>;
//   - a [SignIn] is one act of a person in front of an authority; its result
//     is an [Account];
//   - the [Broker] keeps what a sign-in left behind, one MSAL client per
//     authority, client id and account: it alone holds refresh tokens, and one
//     sign-in serves every resource and tenant that the account may enter;
//   - a [Binding] says what a token is for: this account, this resource, this
//     tenant. A [TokenSource] is bound to one and cannot give out any other
//     token: each is checked before use;
//   - an authorizer puts a credential on an HTTP request ([OAuthBasic],
//     [BearerHeader], [Basic]).
//
// Secrets are kept in values that do not print ([Secret], [Token]), and no
// error text holds one.
package auth
