#!/usr/bin/env bash
# The examples of New-CsOnlineSession's documentation, typed at home as they
# stand there, against a lab of its own process: each opens a tab, a variable
# keeps its session, and what is imported from it says which tenant it reached.
. "$(dirname "$0")/lib"

"$PSDECK" lab --access-log "$work/access.jsonl" >"$work/lab.json" &
lab=$!
trap 'kill $lab 2>/dev/null || true; cleanup' EXIT
for _ in $(seq 100); do
  [ "$(wc -l <"$work/lab.json")" -ge 3 ] && break
  read -rt 0.1 <> <(:) || true
done
field() { # field NAME: of the first tenant
  python3 -c 'import json,sys; v=json.loads(open(sys.argv[1]).readline())[sys.argv[2]]; print(" ".join("--resolve "+x for x in v) if isinstance(v,list) else v)' "$work/lab.json" "$1"
}

# approve ACCOUNT: enters the code that is on the screen, as that account.
approve() {
  local code="" url
  for _ in $(seq "${DEADLINE:-300}"); do
    code=$(screen | grep -oE '\b[A-Z0-9]{4}-[A-Z0-9]{4}\b' | tail -1 || true)
    [ -n "$code" ] && break
    read -rt 0.1 <> <(:) || true
  done
  [ -n "$code" ] || fail "no code to enter"
  url=$(field approve_uri)
  python3 - "$url" "$code" "$1" "$(field password)" <<'PY'
import sys, urllib.parse, urllib.request
url, code, user, password = sys.argv[1:]
urllib.request.urlopen(url + "?" + urllib.parse.urlencode({"user_code": code, "user_name": user, "password": password})).read()
PY
}

start "$PSDECK --ca-file $(field ca_file) --authority $(field authority) $(field resolve) ${DECK_FLAGS:-}"
wait_for "New connection"
press F9
wait_for "PS ›"

type_text "New-CsOnlineSession -UserName admin@contoso.com"
press Enter
approve admin@contoso.com
wait_for "the server says it is Contoso"

press F9
type_text "New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com"
press Enter
wait_for "the server says it is Fabrikam"

# Who keeps the session in a variable goes on typing where they were.
press F9
type_text '$sfbSession = New-CsOnlineSession'
press Enter
approve admin@contoso.com
wait_for "opened tab 4 (alt+4): Contoso"
wait_for "PS ›"
type_text 'Import-PSSession $sfbSession'
press Enter
wait_for "tmp_"
type_text 'Get-CsTenant | Select-Object DisplayName'
press Enter
wait_for "→ Contoso"

type_text 'Get-PSSession'
press Enter
wait_for "     3 SfB"
type_text 'Enter-PSSession 2'
press Enter
wait_for "▌Fabrikam PROD ›"
type_text 'Exit-PSSession'
press Enter
wait_for "PS ›"
type_text 'Get-PSSession | Remove-PSSession'
press Enter
wait_for "▌1 home"

press C-q
wait_exit 0

python3 - "$work/access.jsonl" <<'PY'
import json, sys
log = sorted((json.loads(line) for line in open(sys.argv[1])), key=lambda e: e["seq"])
def action(name): return [e["detail"].get("admin_domain") for e in log if e.get("detail", {}).get("action") == name]
made = action("Create")
if made[:2] != ["contoso.com", "fabrikam.onmicrosoft.com"] or len(made) != 3 or sorted(action("Delete")) != sorted(made):
    sys.exit(f"FAILED: shells made {made}, deleted {action('Delete')}")
PY
echo "cmdlets: the documentation's examples open, keep, import and end their sessions"
