#!/usr/bin/env bash
# Toil 9.6.0 (PyPI) as a WES 1.0 server that others wrote: CWL as plain processes, no message broker. It has no
# authentication: it stands behind the gate, on loopback. VISUM_TOIL_PORT chooses a port; "install" only installs.
# Last line: its base URL.
. "$(dirname "$0")/lib.sh"
venv toil 'toil[server,cwl]==9.6.0' 'boto3==1.44.5' # its extra "server" forgets botocore
[ "${1:-}" = install ] && { echo "$P/venv/toil"; exit; }
PORT=$(port wes-toil "${VISUM_TOIL_PORT:-}")
# a run looks for toil-cwl-runner on PATH
PATH="$P/venv/toil/bin:$PATH" start wes-toil "$PORT" \
  "$P/venv/toil/bin/toil" server --host 127.0.0.1 --port "$PORT" --workers 1 --work_dir "$P/data/wes-toil" --bypass_celery
ready wes-toil "http://127.0.0.1:$PORT/ga4gh/wes/v1/service-info" 90
echo "http://127.0.0.1:$PORT"
