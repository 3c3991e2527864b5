#!/usr/bin/env bash
# Authlib (PyPI), the OAuth and OpenID client that others wrote, in Python: it logs in at ISSUER, checks the id token, asks
# userinfo, exchanges its access token for a Passport, refreshes, and shows that a code is good once.
#   authlib.sh ISSUER CLIENT_ID REDIRECT_URI AUDIENCE
# VISUM_RP_SECRET, VISUM_RP_LOGIN, VISUM_RP_UPSTREAM as for openid-client.sh; SSL_CERT_FILE and NODE_EXTRA_CA_CERTS: the
# test CA. "install" only installs. The last line is JSON.
. "$(dirname "$0")/lib.sh"
need_node
venv authlib 'authlib==1.6.5' 'requests==2.32.5'
[ "${1:-}" = install ] && { echo "$P/venv/authlib/bin/python"; exit; }
exec "$P/venv/authlib/bin/python" "$HERE/authlib-rp.py" "$@"
