#!/usr/bin/env bash
# A partner's morning: the list of the tenants that the account manages is asked
# for, which takes one device code; then three of them are opened from the list,
# and nobody signs in again. The lab's access log tells whether there was one
# grant by device code. The next start has the list, its age, and the tokens.
. "$(dirname "$0")/lib"

coproc LAB { exec "$PSDECK" lab --auto-approve --access-log "$work/access.jsonl"; }
lab_pid=$LAB_PID
end_lab() {
  kill "$lab_pid" 2>/dev/null || true
  cleanup
}
trap end_lab EXIT
read -r tenant <&"${LAB[0]}"
python3 - "$tenant" "$work/flags" <<'PY'
import json, sys
t = json.loads(sys.argv[1])
flags = ["--authority", t["authority"], "--graph-uri", t["graph_uri"], "--ca-file", t["ca_file"]]
for r in t["resolve"]:
    flags += ["--resolve", r]
open(sys.argv[2], "w").write(" ".join(flags))
PY
flags=$(cat "$work/flags")

mkdir -p "$work/config"
printf '[tenant.fabrikam]\ndomain = "fabrikam.example"\nenv = "test"\n' > "$work/config/tenants.toml"

start "$PSDECK --tenants graph $flags"
wait_for "User name"
press F2
wait_for "Tenants I manage: ask for them"
press F5
wait_for "/device"
wait_for "3 tenants"
wait_for "just now"

open_tenant() { # open_tenant SEARCH NAME WORD: by a search in the list
  type_text "$1"
  wait_for "› $2"
  press Enter
  wait_for "the server says it is $2"
  wait_for "$2 $3"
}
open_tenant cont Contoso PROD
press F2
wait_for "Where to?"
open_tenant fabr Fabrikam TEST
type_text "Get-CsTenant | Select-Object TenantId"
press Enter
wait_for "00000000-0000-0000-0000-000000000002"
press F2
wait_for "Where to?"
open_tenant partn Partner PROD
press C-q
wait_exit 0

# The next start asks nobody: the list and the tokens are kept.
rm "$work/exit"
T kill-server
socket=$socket-again # the server that was killed may still answer to its name
start "$PSDECK --tenants graph $flags"
wait_for "3 tenants"
press Enter # the one that was opened last is the first
wait_for "the server says it is Partner"
press C-q
wait_exit 0

[ "$(stat -c %a "$work/state/tenants.json")" = 600 ] || fail "the list can be read by others"
grep -q eyJ "$work/state/tenants.json" && fail "a token is in the list"

python3 - "$work/access.jsonl" <<'PY'
import json, sys
log = [json.loads(line) for line in open(sys.argv[1])]
grants = [e["detail"]["grant_type"].rsplit(":", 1)[-1] for e in log if e["kind"] == "grant"]
if grants.count("device_code") != 1:
    sys.exit(f"FAILED: grants {grants}, want one by device code")
if [e for e in log if e["kind"] == "devicecode"][1:]:
    sys.exit("FAILED: a second device code was asked for")
made = [e["detail"]["admin_domain"] for e in log if e.get("detail", {}).get("action") == "Create"]
if made != ["contoso.example", "fabrikam.example", "partner.example", "partner.example"]:
    sys.exit(f"FAILED: shells were made in {made}")
PY
echo "managed: one sign-in, three tenants from the list"
