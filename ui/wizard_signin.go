package ui

import (
	"context"
	"os"
	"strings"

	"psdeck/auth"
	"psdeck/session"
)

// signIn puts what the form says of signing in into a target.
func (w *wizard) signIn(t *session.Target) {
	way := w.chosen()
	t.SignIn = way.method
	if way.authentication != "" || w.from.Authentication == "negotiate" {
		t.Authentication = way.authentication
	}
	t.Password, t.AccessToken, t.Application = nil, auth.Secret{}, auth.AppCredential{}
	secret := auth.NewSecret(w.inputs[fieldSecret].text())
	if way.method == auth.MethodSecret || way.method == auth.MethodCertificate {
		t.ClientID = strings.TrimSpace(w.inputs[fieldClient].text())
	}
	switch {
	case secret.IsZero():
	case way.method == auth.MethodToken:
		t.AccessToken = auth.NewSecret(strings.TrimSpace(secret.Reveal()))
	case way.method == auth.MethodSecret:
		t.Application = auth.SecretCredential(secret)
	case way.method == auth.MethodPassword || way.authentication != "":
		t.Password = func(context.Context, string) (auth.Secret, error) { return secret, nil }
	}
}

// missing says what the form lacks before anything is tried, and where. It reads
// the file of a certificate.
func (w *wizard) missing(t *session.Target) (string, int) {
	way := w.chosen()
	application := way.method == auth.MethodSecret || way.method == auth.MethodCertificate
	switch {
	case way.authentication != "" && t.OverridePowerShellURI == "":
		w.more = true
		return textNeedsServer, fieldPowerShell
	case way.nameless && t.UserName == "" && t.Password == nil:
		return "", 0
	case (way.method == auth.MethodPassword || way.authentication != "") && t.UserName == "":
		return textNeedsUser, fieldUser
	case application && t.ClientID == "":
		return textNeedsClient, fieldClient
	case way.method == auth.MethodToken && t.AccessToken.IsZero():
		return textNeedsToken, fieldSecret
	case way.method == auth.MethodSecret && t.Application.IsZero():
		return textNeedsSecret, fieldSecret
	case (way.method == auth.MethodPassword || way.authentication != "") && t.Password == nil:
		return textNeedsPassword, fieldSecret
	case way.method == auth.MethodCertificate:
		return w.readCertificate(t)
	}
	return "", 0
}

func (w *wizard) readCertificate(t *session.Target) (string, int) {
	path := strings.TrimSpace(w.inputs[fieldFile].text())
	if path == "" {
		return textNeedsFile, fieldFile
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return oneLine(err.Error()), fieldFile
	}
	t.Application, err = auth.ParseCertificate(data, auth.NewSecret(w.inputs[fieldSecret].text()))
	if err != nil {
		return oneLine(err.Error()), fieldSecret
	}
	return "", 0
}
