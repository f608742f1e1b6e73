#!/usr/bin/env bash
# With discovery broken the walk of demo.sh must fail: a check that cannot
# fail is none.
if DEADLINE=40 DEMO_FLAGS=--broken-discovery bash "$(dirname "$0")/demo.sh" >/dev/null 2>&1; then
  echo "FAILED: the walk succeeds though discovery is broken"
  exit 1
fi
echo "broken discovery: the walk fails, as it must"
