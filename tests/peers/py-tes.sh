#!/usr/bin/env bash
# py-tes 1.1.4 (PyPI): the TES client that others wrote.
#   py-tes.sh install                  the Python that has it, as the last line
#   py-tes.sh URL info                 service-info
#   py-tes.sh URL run TASK.json        create, poll to the end, the task in FULL view
#   py-tes.sh URL create TASK.json     create; the id
#   py-tes.sh URL get ID [VIEW]        one task
#   py-tes.sh URL list                 tasks in BASIC view
#   py-tes.sh URL cancel ID
# The bearer token is read from VISUM_TOKEN. The last line is JSON; a refusal is {"error": …} with exit code 1.
. "$(dirname "$0")/lib.sh"
venv pytes 'py-tes==1.1.4'
[ "${1:-}" = install ] && { echo "$P/venv/pytes/bin/python"; exit; }
exec "$P/venv/pytes/bin/python" "$HERE/py-tes.py" "$@"
