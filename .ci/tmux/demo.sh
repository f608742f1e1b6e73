#!/usr/bin/env bash
# The main job: the wizard signs in a partner's administrator by device code
# and opens contoso; a second tab opens fabrikam by the override domain; each
# shows its own tenant's name. The lab's access log tells whether it went the
# way it has to.
. "$(dirname "$0")/lib"

start "$PSDECK demo --access-log $work/access.jsonl ${DEMO_FLAGS:-}"
wait_for "Where to?"
press F3
wait_for "User name"

# Esc goes back a step and loses nothing.
type_text "admin@partner.example"
press Tab
type_text "contoso.example"
press Escape
press F3
wait_for "contoso.example"

press Enter Enter Enter
wait_for "/device"
wait_for "the server says it is Contoso"
wait_for "Contoso PROD"
type_text "Get-CsTenant | Select-Object DisplayName, TenantId"
press Enter
wait_for "00000000-0000-0000-0000-000000000001"

press F3
wait_for "User name"
type_text "admin@partner.example"
press Tab
type_text "fabrikam.example"
press Enter Enter Enter
wait_for "the server says it is Fabrikam"
type_text "Get-CsTenant | Select-Object DisplayName, TenantId"
press Enter
wait_for "00000000-0000-0000-0000-000000000002"

# Both tabs live, each with its own output.
press M-1
wait_for "00000000-0000-0000-0000-000000000001"
screen | grep -qF "00000000-0000-0000-0000-000000000002" && fail "the first tab shows the second's output"

press C-q
wait_exit 0

python3 - "$work/access.jsonl" <<'PY'
import json, sys
log = sorted((json.loads(line) for line in open(sys.argv[1])), key=lambda e: e["seq"])
def of(kind): return [e for e in log if e["kind"] == kind]
def action(name): return [e["detail"].get("admin_domain") for e in log if e.get("detail", {}).get("action") == name]
def want(what, got, wanted):
    if got != wanted:
        sys.exit(f"FAILED: {what}: {got}, want {wanted}")
both = ["contoso.example", "fabrikam.example"]
domains = []
for e in of("discovery"):
    d = e["detail"].get("domain")
    if d and d not in domains:
        domains.append(d)
want("discovery of both domains, in order", domains, both)
want("challenges", [e["detail"]["admin_domain"] for e in of("challenge")], both)
want("device codes", len(of("devicecode")), 1)
want("device grants", len([e for e in of("grant") if "device_code" in e["detail"]["grant_type"]]), 1)
want("shells made", action("Create"), both)
want("shells deleted", sorted(action("Delete")), both)
PY
echo "demo: two tenants, one sign-in, nothing left behind"
