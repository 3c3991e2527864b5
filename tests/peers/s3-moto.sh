#!/usr/bin/env bash
# moto 5.2.5 (PyPI): an S3 store that others wrote. It wants a signature and does not check it; its log names the key of
# each request. VISUM_S3_PORT chooses a port; "install" only installs. Last lines: its log, its base URL.
. "$(dirname "$0")/lib.sh"
venv moto 'moto[server]==5.2.5'
[ "${1:-}" = install ] && { echo "$P/venv/moto"; exit; }
PORT=$(port s3-moto "${VISUM_S3_PORT:-}")
# told that it ran with other settings, it starts anew and empty
start s3-moto "$PORT $(date +%s%N)" "$P/venv/moto/bin/moto_server" -H 127.0.0.1 -p "$PORT"
ready s3-moto "http://127.0.0.1:$PORT/" 60
echo "$P/log/s3-moto.log"
echo "http://127.0.0.1:$PORT"
