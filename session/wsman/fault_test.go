package wsman

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// Three dialects of faults. The first is WinRM 2.0's (Windows Server 2008 R2),
// where the text sits in a WSManFault within a ProviderFault; the second is of
// WinRM 3.0; the third of OMI, without a WSManFault.
const (
	fault2008 = `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:InvalidParameter</s:Value></s:Subcode></s:Code><s:Detail>
 <f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858811" Machine="srv">
  <f:Message><f:ProviderFault provider="microsoft.powershell" path="C:\Windows\system32\pwrshplugin.dll">
   <f:WSManFault Code="-2141974624" Machine="srv"><f:Message>The &lt;endpoint&gt; is not there.</f:Message></f:WSManFault>
  </f:ProviderFault></f:Message>
 </f:WSManFault></s:Detail></s:Fault>`
	fault2012 = `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>
<s:Reason><s:Text xml:lang="">The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  </s:Text></s:Reason>
<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150858793" Machine="srv.contoso.example">
<f:Message>The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  </f:Message></f:WSManFault></s:Detail></s:Fault>`
	faultOMI = `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>wsa:DestinationUnreachable</s:Value></s:Subcode></s:Code>
<s:Reason><s:Text xml:lang="en-US">The resource could not be found.</s:Text></s:Reason>
<s:Detail><w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI</w:FaultDetail></s:Detail></s:Fault>`
)

func TestFaultDialects(t *testing.T) {
	tests := map[string]struct {
		body string
		want Fault
	}{
		"2008 R2": {fault2008, Fault{
			Code: CodeInvalidResourceURI, Detail: "The <endpoint> is not there.", Subcode: "InvalidParameter",
			Provider: "microsoft.powershell", ProviderCode: 2152992672, Machine: "srv",
		}},
		"2012": {fault2012, Fault{
			Code: CodeTimeout, Subcode: "TimedOut", Machine: "srv.contoso.example",
			Reason: "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
		}},
		"OMI": {faultOMI, Fault{
			Code: CodeInvalidResourceURI, Reason: "The resource could not be found.", Subcode: "DestinationUnreachable",
			Detail: "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI",
		}},
	}
	for name, tt := range tests {
		// A gateway may change the status; it says nothing.
		for _, status := range []int{500, 400, 200} {
			srv := newServer(t, map[string]answer{"Signal": func(w http.ResponseWriter, r *request) { soapStatus(w, r, status, tt.body) }})
			err := srv.shell(t).Signal(context.Background(), uuid.New(), SignalCtrlC)
			var got *Fault
			if !errors.As(err, &got) {
				t.Fatalf("%s, HTTP %d: %v", name, status, err)
			}
			want := tt.want
			want.Action, want.Status = ActionSignal, status
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func TestFaultKinds(t *testing.T) {
	tests := []struct {
		code uint32
		is   func(*Fault) bool
	}{
		{2150858793, (*Fault).IsTimeout},
		{2150858843, (*Fault).IsShellNotFound},
		{2150859173, (*Fault).IsQuota},
		{2150859174, (*Fault).IsQuota},
		{2150859175, (*Fault).IsQuota},
		{2150859204, (*Fault).IsDisconnected},
		{2150859230, (*Fault).IsDisconnected},
		{2150859213, (*Fault).IsInUse},
		{5, (*Fault).IsAccessDenied},
		{1326, (*Fault).IsAccessDenied},
		{2150858811, (*Fault).IsInvalidResource},
		{2150859161, (*Fault).IsRedirect},
		{1726, (*Fault).IsServerGone},
		{995, (*Fault).IsEnd},
		{2150858843, (*Fault).IsEnd},
	}
	for _, tt := range tests {
		if !tt.is(&Fault{Code: tt.code}) || tt.is(&Fault{Code: 87}) {
			t.Errorf("%d is not told apart", tt.code)
		}
	}
}

// TestQuotaFault: the error that a person reads names the quota and the code.
func TestQuotaFault(t *testing.T) {
	const text = "This user is allowed a maximum number of 3 concurrent shells, which has been exceeded."
	srv := newServer(t, map[string]answer{"Create": fault(CodeQuotaShells, text)})
	_, err := srv.client(t).Create(context.Background(), ShellRequest{})
	var f *Fault
	if !errors.As(err, &f) || !f.IsQuota() {
		t.Fatalf("got %v", err)
	}
	if want := text + " (error 2150859173, 0x803381A5)"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if want := "Connecting to remote server srv failed with the following error message : " + text +
		" For more information, see the about_Remote_Troubleshooting Help topic."; f.Sentence("srv") != want {
		t.Errorf("got  %s\nwant %s", f.Sentence("srv"), want)
	}
}

// TestFaultText: what a server says cannot drive the terminal.
func TestFaultText(t *testing.T) {
	srv := newServer(t, map[string]answer{"Create": fault(5, "Access\nis&#x9;denied.\u202e\u009b31m"+strings.Repeat(" x", 9000))})
	_, err := srv.client(t).Create(context.Background(), ShellRequest{})
	contains(t, err.Error(), "Access is denied.31m x")
	if len(err.Error()) > maxFaultText+50 {
		t.Errorf("%d bytes of error", len(err.Error()))
	}
}
