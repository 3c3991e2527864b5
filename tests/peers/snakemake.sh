#!/usr/bin/env bash
# Snakemake 9.27.1 with its TES executor 0.1.3 and its S3 plug-in 0.3.6 (PyPI), unmodified.
#   snakemake.sh install             the Python that has it, as the last line
#   snakemake.sh image FOLDER        what stands for an image: FOLDER/bash, in which a task finds Snakemake, the plug-in and
#                                    a wheel of it (the job's script calls pip); then the folders that it needs, one a line
#   snakemake.sh run FOLDER [ARG…]   runs the workflow of FOLDER by the session whose `export` lines stand in FOLDER/session
# VISUM_IMAGE names the image.
. "$(dirname "$0")/lib.sh"
venv snakemake 'snakemake==9.27.1' 'snakemake-executor-plugin-tes==0.1.3' 'snakemake-storage-plugin-s3==0.3.6' 'boto3==1.44.5'
PYTHON=$P/venv/snakemake/bin/python
wheel() {
  [ -d "$P/venv/snakemake/wheels" ] && return
  "$PYTHON" -m pip wheel -q --disable-pip-version-check --no-deps -w "$P/venv/snakemake/wheels" \
    'snakemake-storage-plugin-s3==0.3.6' >"$P/log/install-snakemake-wheel.log" 2>&1 || fail "pip could not get the plug-in's wheel"
}
locked wheel
case ${1:-} in
  install) echo "$PYTHON" ;;
  image)
    mkdir -p "$2"
    cat >"$2/bash" <<LAUNCHER
#!/bin/bash
export PATH=$P/venv/snakemake/bin:/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1
export PIP_NO_INDEX=1 PIP_NO_DEPS=1 PIP_FIND_LINKS=$P/venv/snakemake/wheels PIP_DISABLE_PIP_VERSION_CHECK=1
exec /bin/bash "\$@"
LAUNCHER
    chmod +x "$2/bash"
    echo "$P/venv/snakemake"
    "$PYTHON" -c 'import sys; print(sys.base_prefix)'
    ;;
  run)
    cd "$2"; shift 2
    . ./session
    export SNAKEMAKE_TES_TOKEN=$TES_TOKEN
    export SNAKEMAKE_STORAGE_S3_ACCESS_KEY=$AWS_ACCESS_KEY_ID SNAKEMAKE_STORAGE_S3_SECRET_KEY=$AWS_SECRET_ACCESS_KEY
    export SNAKEMAKE_STORAGE_S3_ENDPOINT_URL=$AWS_ENDPOINT_URL_S3 SNAKEMAKE_STORAGE_S3_REGION=$AWS_REGION
    # the executor prints the log of another server when a job fails, and dies where that is not there
    export GITHUB_WORKSPACE=$PWD; touch funnel.log
    exec "$P/venv/snakemake/bin/snakemake" --executor tes --tes-url "$TES_ENDPOINT" --container-image "$VISUM_IMAGE" \
      --default-storage-provider s3 --default-storage-prefix "${VISUM_SCRATCH%/}" \
      --storage-s3-retries 2 --jobs 10 --seconds-between-status-checks 2 "$@"
    ;;
  *) echo "snakemake.sh install | image FOLDER | run FOLDER" >&2; exit 2 ;;
esac
