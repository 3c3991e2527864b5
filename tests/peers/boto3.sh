#!/usr/bin/env bash
# boto3 1.44.5 (PyPI): the S3 client that workflow tools are built on.
#   boto3.sh install          the Python that has it, as the last line
#   boto3.sh run SESSION.json all that a session's keys are for; the last line is JSON
. "$(dirname "$0")/lib.sh"
venv boto3 'boto3==1.44.5'
[ "${1:-}" = install ] && { echo "$P/venv/boto3/bin/python"; exit; }
exec "$P/venv/boto3/bin/python" "$HERE/boto3_door.py" "$@"
