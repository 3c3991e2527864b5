#!/usr/bin/env bash
# axe-core 4.14.1 (npm) in headless Chromium (Debian), driven by playwright-core 1.65.1 (npm): each page of a broker, for
# each person, at phone and desktop width, light and dark, with the keyboard alone.
#   pages.sh PLAN.json          looks at the pages of a plan
#   pages.sh walk PLAN.json     walks through a study (walk.mjs)
# PLAN: {"broker": URL, "pages": [{"name", "who", "path"}], "out": folder for screenshots}. "install" only installs.
# Last line: {"pages": how many were looked at, "wrong": [sentences]}.
. "$(dirname "$0")/lib.sh"
need_node
need chromium chromium
P_PAGES="$P/pages"
pages_make() {
  mkdir -p "$P_PAGES"
  [ -f "$P_PAGES/.done" ] && [ "$(cat "$P_PAGES/.done")" = "$*" ] && return
  echo '{"private":true,"type":"module"}' >"$P_PAGES/package.json"
  (cd "$P_PAGES" && npm install --no-audit --no-fund --no-progress --ignore-scripts --save-exact "$@") >"$P/log/install-pages.log" 2>&1 \
    || fail "npm could not install $*; see $P/log/install-pages.log"
  echo "$*" >"$P_PAGES/.done"
}
locked pages_make axe-core@4.14.1 playwright-core@1.65.1
[ "${1:-}" = install ] && { echo "$P_PAGES"; exit; }
script=pages.mjs
[ "${1:-}" = walk ] && { script=walk.mjs; shift; }
cp "$HERE/look.mjs" "$HERE/pages.mjs" "$HERE/walk.mjs" "$P_PAGES/"
CHROMIUM=$(command -v chromium) exec node "$P_PAGES/$script" "$@"
