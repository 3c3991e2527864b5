#!/usr/bin/env bash
# Schemathesis 4.32.5 (PyPI): requests made from an OpenAPI file, sound and unsound ones.
#   schemathesis.sh install              the Python that has it, as the last line
#   schemathesis.sh URL FILE SECONDS     for so long against the API at URL; FILE is one of openapi/
# The bearer token is read from VISUM_TOKEN; texts that no answer may hold, one a line, from VISUM_SECRETS.
# Exit code 1 and the requests, where an answer is not as schemathesis-checks.py wants it.
. "$(dirname "$0")/lib.sh"
venv schemathesis 'schemathesis==4.32.5'
[ "${1:-}" = install ] && { echo "$P/venv/schemathesis/bin/python"; exit; }
cd "$P/data"
export SCHEMATHESIS_HOOKS="schemathesis_checks" PYTHONPATH="$P/data"
cp "$HERE/schemathesis-checks.py" "$P/data/schemathesis_checks.py"
exec "$P/venv/schemathesis/bin/schemathesis" --config-file /dev/null run "$HERE/openapi/$2" --url "$1" -H "Authorization: Bearer $VISUM_TOKEN" \
  --phases coverage,fuzzing --checks gate_answers --max-time "$3" --warnings off --no-color
