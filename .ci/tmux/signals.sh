#!/usr/bin/env bash
# However the deck ends, the terminal is as it was. TERM deletes the shells; HUP,
# a line that dropped, leaves them on the server to come back to.
for end in TERM:Delete HUP:Disconnect; do
  signal=${end%:*} action=${end#*:}
  (
    . "$(dirname "$0")/lib"
    start "stty -a > $work/before; $PSDECK demo --access-log $work/access.jsonl; code=\$?; stty -a > $work/after; (exit \$code)"
    wait_for "Where to?"
    press Enter
    wait_for "the server says it is Contoso"
    type_text "Get-CsUserReport"
    press Enter
    wait_for "Collecting users"
    pkill -"$signal" -f "^$PSDECK demo --access-log $work/"
    for _ in $(seq 300); do
      [ -s "$work/exit" ] && break
      read -rt 0.1 <> <(:) || true
    done
    [ -s "$work/exit" ] || fail "SIG$signal did not end the deck"
    grep -q "\"action\":\"$action\"" "$work/access.jsonl" || fail "SIG$signal did not $action the shell"
    cmp -s "$work/before" "$work/after" || fail "SIG$signal left the terminal changed"
  ) || exit 1
done
echo "signals: shells are deleted, or left after a hangup; the terminal is as it was"
