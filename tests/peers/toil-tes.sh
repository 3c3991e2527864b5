#!/usr/bin/env bash
# Toil 7.0.0 with toil-batch-system-tes 2.0.0 (PyPI), unmodified: the workflow engine as a client of a TES. This pair is
# the newest that fits together; the WES server of wes-toil.sh is a later Toil.
#   toil-tes.sh install            the folder of its programs, as the last line
#   toil-tes.sh image              the image that its tasks name: Toil asks no registry for one with its own commit in it
#   toil-tes.sh run FOLDER ENDPOINT  runs FOLDER/workflow.py with its job store in FOLDER; the bearer is in VISUM_TOKEN
#   toil-tes.sh wes                its WES 1.0 server; the last line is its base URL
. "$(dirname "$0")/lib.sh"
venv toiltes 'toil[server,cwl]==7.0.0' 'toil-batch-system-tes==2.0.0' 'setuptools==79.0.1'
BIN=$P/venv/toiltes/bin
image() { "$BIN/python" -c 'from toil.version import currentCommit as c; print(f"docker.io/sample/toil-{c}@sha256:" + "0a" * 32)'; }
case ${1:-} in
  install) echo "$BIN" ;;
  image) image ;;
  run)
    cd "$2"
    TOIL_APPLIANCE_SELF=$(image); export TOIL_APPLIANCE_SELF TOIL_TES_BEARER_TOKEN="$VISUM_TOKEN"
    PATH="$BIN:$PATH" exec "$BIN/python" workflow.py "file:$2/jobstore" --batchSystem tes --tesEndpoint "$3" \
      --retryCount 0 --clean never --disableProgress --logInfo --maxLocalJobs 0
    ;;
  wes)
    PORT=$(port toil-tes "${VISUM_TOIL_TES_PORT:-}")
    TOIL_APPLIANCE_SELF=$(image); export TOIL_APPLIANCE_SELF
    PATH="$BIN:$PATH" start toil-tes "$PORT" \
      "$BIN/toil" server --host 127.0.0.1 --port "$PORT" --workers 1 --work_dir "$P/data/toil-tes" --bypass_celery --opt=--retryCount=0
    ready toil-tes "http://127.0.0.1:$PORT/ga4gh/wes/v1/service-info" 90
    echo "http://127.0.0.1:$PORT"
    ;;
  *) echo "toil-tes.sh install | image | run FOLDER ENDPOINT | wes" >&2; exit 2 ;;
esac
