#!/usr/bin/env bash
# Galaxy 26.1.2 (PyPI), its API alone on SQLite: a DRS 1.2 server that others wrote. A person uploads one text, which is
# then public at its DRS: it stands behind the gate, on loopback. VISUM_GALAXY_PORT chooses a port; "install" only
# installs. Last lines: the DRS id of the text, its base URL.
. "$(dirname "$0")/lib.sh"
venv galaxy 'galaxy-web-apps==26.1.2'
[ "${1:-}" = install ] && { echo "$P/venv/galaxy"; exit; }
PORT=$(port drs-galaxy "${VISUM_GALAXY_PORT:-}")
G=http://127.0.0.1:$PORT S="$P/data/drs-galaxy"
galaxy() {
  # it starts with an empty database, since the key of the one before is not kept
  if alive drs-galaxy && [ -f "$S/seeded" ]; then return; fi
  stop drs-galaxy
  rm -rf "$S" && mkdir -p "$S/data" "$S/config"
  local admin; admin=$(head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n')
  (umask 077; cat >"$S/galaxy.yml" <<YML
galaxy:
  data_dir: $S/data
  config_dir: $S/config
  database_connection: "sqlite:///$S/galaxy.sqlite?isolation_level=IMMEDIATE"
  bootstrap_admin_api_key: $admin
  admin_users: admin@example.org
  allow_user_creation: true
  enable_celery_tasks: false
  galaxy_infrastructure_url: $G
YML
  )
  cd "$S"
  start drs-galaxy "$PORT" "$P/venv/galaxy/bin/galaxy-web" -c "$S/galaxy.yml" -b "127.0.0.1:$PORT"
  ready drs-galaxy "$G/api/version" 240
  ADMIN=$admin python3 "$HERE/drs-galaxy.py" "$G" >"$S/seeding" 2>"$P/log/drs-galaxy-seed.log" \
    || fail "Galaxy took no upload; see $P/log/drs-galaxy-seed.log"
  mv "$S/seeding" "$S/seeded"
}
locked galaxy
cat "$S/seeded"
echo "$G"
