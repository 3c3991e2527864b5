#!/usr/bin/env bash
# Snakemake 9.27.1 with its TES executor 0.1.3 and its S3 plug-in 0.3.6 (PyPI), unmodified.
#   snakemake.sh install             the Python that has it, as the last line
#   snakemake.sh image               the folder of an image that holds bash, some programs of this machine, Python, Snakemake,
#                                    the plug-in and a wheel of it (the job's script calls pip), and nothing else
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
image() {
  local folder="$P/image/snakemake" root base stdlib made
  root=$folder/rootfs
  made=$(cat "$HERE/snakemake.sh" "$HERE/../../sample-node/image.sh" "$P/venv/snakemake/.done" | cksum)
  [ "$(cat "$P/image/snakemake.done" 2>/dev/null)" = "$made" ] && return
  rm -rf "$folder" "$P/image/snakemake.done"
  base=$("$PYTHON" -c 'import os, sys; print(os.path.realpath(sys._base_executable))')
  stdlib=$("$PYTHON" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
  mkdir -p "$root$stdlib" "$root$P/venv" "$root$(dirname "$base")"
  # Debian's pip lies elsewhere: a venv has its own
  tar -C "$stdlib" --exclude=./site-packages --exclude=./dist-packages --exclude=./test --exclude='./config-*' --exclude=__pycache__ -cf - . \
    | tar -C "$root$stdlib" -xf -
  tar -C "$P/venv" --exclude=__pycache__ -cf - snakemake | tar -C "$root$P/venv" -xf -
  ln -sfn "$base" "$root$P/venv/snakemake/bin/python3"
  mkdir -p "$root/etc"
  echo 'root:x:0:0:root:/tmp:/bin/bash' >"$root/etc/passwd"
  cat >"$folder/image.json" <<CONFIG
{ "program": "/usr/bin/bash", "env": {
  "PATH": "$P/venv/snakemake/bin:/usr/bin:/bin", "HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1",
  "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_FIND_LINKS": "$P/venv/snakemake/wheels", "PIP_DISABLE_PIP_VERSION_CHECK": "1" } }
CONFIG
  # shellcheck disable=SC2046 # names of libraries have no blanks
  "$HERE/../../sample-node/image.sh" "$folder" bash sh cat cp mv rm mkdir rmdir ls ln touch test echo grep awk sed wc cut sort head tail tr \
    sleep id uname dirname basename readlink mktemp chmod date "$base" \
    $(cd "$root" && find ".$stdlib" "./$P/venv/snakemake" -name '*.so*' -type f | sed 's,^\./*,/,') \
    >"$P/log/image-snakemake.log" 2>&1 || fail "the image of Snakemake could not be made; see $P/log/image-snakemake.log"
  echo "$made" >"$P/image/snakemake.done"
}
case ${1:-} in
  install) echo "$PYTHON" ;;
  image)
    locked image
    echo "$P/image/snakemake"
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
  *) echo "snakemake.sh install | image | run FOLDER" >&2; exit 2 ;;
esac
