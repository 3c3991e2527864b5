#!/usr/bin/env bash
# wes-client (wes-service 5.0, PyPI): the WES client that others wrote.
#   wes-client.sh HOST:PORT ARGUMENTS...    for example: 127.0.0.1:8080 --run wf.cwl in.json
# The token of VISUM_TOKEN goes as Basic password in the host, since the client sends --auth with every call but POST
# /runs. VISUM_PROTO is http (default) or https; for https REQUESTS_CA_BUNDLE names the test CA.
. "$(dirname "$0")/lib.sh"
venv wes 'wes-service==5.0'
[ "${1:-}" = install ] && { echo "$P/venv/wes/bin/wes-client"; exit; }
HOST=$1; shift
[ -n "${VISUM_TOKEN:-}" ] && HOST="visum:$VISUM_TOKEN@$HOST"
exec "$P/venv/wes/bin/wes-client" --proto "${VISUM_PROTO:-http}" --host "$HOST" "$@"
