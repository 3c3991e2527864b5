#!/usr/bin/env bash
# wes-service 5.0 (PyPI) with cwltool: a WES 1.0 server that others wrote. It has no authentication: it stands behind the
# gate, on loopback. VISUM_WES_SERVICE_PORT chooses a port; "install" only installs. Last line: its base URL.
. "$(dirname "$0")/lib.sh"
venv cwltool 'cwltool==3.3.20260925135507'
venv wes 'wes-service==5.0'
[ "${1:-}" = install ] && { echo "$P/venv/wes"; exit; }
PORT=$(port wes-service "${VISUM_WES_SERVICE_PORT:-}")
mkdir -p "$P/data/wes-service"
cd "$P/data/wes-service" # it keeps its runs in ./workflows
PATH="$P/venv/cwltool/bin:$PATH" start wes-service "$PORT" \
  "$P/venv/wes/bin/wes-server" --backend=wes_service.cwl_runner --opt runner=cwltool --port "$PORT"
ready wes-service "http://127.0.0.1:$PORT/ga4gh/wes/v1/service-info" 60
echo "http://127.0.0.1:$PORT"
