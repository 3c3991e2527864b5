#!/usr/bin/env bash
# Sapporo 2.4.0 (PyPI) with cwltool: a WES 1.1 server that others wrote. Its run script calls Docker; a copy with one
# function changed runs cwltool as a plain process. It has no authentication as configured here: it stands behind the
# gate, on loopback. VISUM_SAPPORO_PORT chooses a port; "install" only installs. Last line: its base URL.
. "$(dirname "$0")/lib.sh"
venv cwltool 'cwltool==3.3.20260925135507'
venv sapporo 'sapporo==2.4.0'
[ "${1:-}" = install ] && { echo "$P/venv/sapporo"; exit; }
S="$P/data/sapporo"
mkdir -p "$S/runs"
# The run script as it is shipped, but for the function that would start a container for cwltool itself.
python3 - "$P"/venv/sapporo/lib/python3*/site-packages/sapporo/run.sh "$S/run.sh" <<'PY'
import sys
shipped = open(sys.argv[1]).read()
start = shipped.index("function run_cwltool()")
end = shipped.index("\n}\n", start) + 3
plain = """function run_cwltool() {
    cd "${exe_dir}"; local -a cmd_arr=(cwltool --outdir "${outputs_dir}")
    _append_engine_params cmd_arr; cmd_arr+=("${wf_url}" "${wf_params}"); _write_and_run cmd_arr
}
"""
open(sys.argv[2], "w").write(shipped[:start] + plain + shipped[end:])
PY
chmod +x "$S/run.sh"
PORT=$(port wes-sapporo "${VISUM_SAPPORO_PORT:-}")
PATH="$P/venv/sapporo/bin:$P/venv/cwltool/bin:$PATH" start wes-sapporo "$PORT" \
  "$P/venv/sapporo/bin/sapporo" --host 127.0.0.1 --port "$PORT" --run-dir "$S/runs" --run-sh "$S/run.sh" --url-prefix /ga4gh/wes/v1
ready wes-sapporo "http://127.0.0.1:$PORT/ga4gh/wes/v1/service-info" 60
echo "http://127.0.0.1:$PORT"
