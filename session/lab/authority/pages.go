package authority

import (
	"html/template"
	"net/http"
	"net/url"
	"sort"
)

// The pages are plain HTML without anything fetched from elsewhere: they are read by
// a person in a browser, or by a script that fills the forms.

const pageHead = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>psdeck lab sign-in</title></head>
<body><h1>psdeck lab</h1><p>This sign-in page belongs to a lab on this machine. Its accounts are invented.</p>
`

type signInPage struct {
	Action   string
	UserName string
	Error    string
}

type devicePage struct {
	UserCode string
	UserName string
	Error    string
	Done     string
}

type pages struct {
	signIn, device, post, failed *template.Template
}

// newPages parses the templates; their text is fixed, so that it cannot fail.
func newPages() pages {
	parse := func(name, text string) *template.Template {
		return template.Must(template.New(name).Parse(pageHead + text + "</body></html>\n"))
	}
	return pages{
		signIn: parse("sign-in", `<h2>Sign in</h2>
{{with .Error}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="{{.Action}}">
<p><label>User name <input name="user_name" type="email" value="{{.UserName}}" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button name="action" value="sign-in">Sign in</button> <button name="action" value="cancel">Cancel</button></p>
</form>
`),
		device: parse("device", `<h2>Sign in on a device</h2>
{{with .Error}}<p role="alert">{{.}}</p>{{end}}
{{if .Done}}<p role="status">{{.Done}}</p>{{else}}
<form method="post" action="/device">
<p><label>Code <input name="user_code" value="{{.UserCode}}" autocomplete="one-time-code"></label></p>
<p><label>User name <input name="user_name" type="email" value="{{.UserName}}" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button name="action" value="approve">Approve</button> <button name="action" value="deny">Decline</button></p>
</form>{{end}}
`),
		post: parse("post", `<h2>Signed in</h2>
<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<button>Continue</button>
</form>
<script nonce="{{.Nonce}}">document.forms[0].submit()</script>
`),
		failed: parse("failed", `<h2>Sorry, but we're having trouble signing you in.</h2>
<p role="alert">{{.}}</p>
`),
	}
}

func show(w http.ResponseWriter, status int, csp string, page *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"+csp)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_ = page.Execute(w, data) // the reader is gone: nothing to tell
}

func (a *Authority) showSignIn(w http.ResponseWriter, r *http.Request, page signInPage) {
	page.Action = r.URL.RequestURI()
	show(w, http.StatusOK, "", a.pages.signIn, page)
}

func (a *Authority) showDevice(w http.ResponseWriter, status int, page devicePage) {
	show(w, status, "", a.pages.device, page)
}

func (a *Authority) showError(w http.ResponseWriter, e *oauthError) {
	show(w, http.StatusBadRequest, "", a.pages.failed, e.description())
}

// showFormPost is OAuth 2.0 Form Post Response Mode, section 2.
func (a *Authority) showFormPost(w http.ResponseWriter, target string, answer url.Values) {
	type field struct{ Name, Value string }
	var fields []field
	for name := range answer {
		fields = append(fields, field{name, answer.Get(name)})
	}
	sort.Slice(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	nonce := secret()
	show(w, http.StatusOK, "; script-src 'nonce-"+nonce+"'", a.pages.post, struct {
		Action, Nonce string
		Fields        []field
	}{target, nonce, fields})
}
