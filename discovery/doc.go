// Package discovery answers "where is it": from a domain name to the
// PowerShell endpoint of the tenant that owns the domain.
//
// The way is the one that New-CsOnlineSession took. The name
// lyncdiscover.<domain> answers with an autodiscover document
// ([MS-OCDISCWS]), whose links lead over any number of redirects to the
// domain's own document; there the link External/RemotePowerShell names the
// endpoint.
//
// The words of the package:
//
//   - a [Hop] is one request of that way and what came of it; hops are
//     reported while they happen, because the way fails often (split DNS,
//     hybrid set-ups, a certificate of another name) and the person has to see
//     where;
//   - an [Endpoint] is what was found at the end;
//   - a [Network] is how names become connections: fixed addresses, extra
//     certificate authorities, and the restriction to loopback.
//
// No credential takes part in discovery, and nothing that it reads is
// believed: an endpoint that was found this way must be https
// ([CheckEndpoint]), and a host outside the known clouds ([KnownCloud]) is
// named before a token goes there.
package discovery
