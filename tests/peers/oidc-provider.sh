#!/usr/bin/env bash
# oidc-provider 9.13.3 (npm): an OpenID Certified provider that others wrote, as an upstream of the broker. Any name logs
# in, with any password; the name becomes `sub`, the address NAME@home.example.org.
# VISUM_OP_CLIENT, VISUM_OP_SECRET, VISUM_OP_REDIRECTS (comma between) say which client it knows; a secret has to be
# given. VISUM_OP_PORT chooses a port, VISUM_OP_HOST an address (default 127.0.0.3, so that its cookies stay apart).
# "install" only installs. Last line: its issuer.
. "$(dirname "$0")/lib.sh"
need_node
npm_packages oidc-provider@9.13.3 openid-client@6.8.9
[ "${1:-}" = install ] && { echo "$P/npm"; exit; }
: "${VISUM_OP_SECRET:?a secret for the client is needed in VISUM_OP_SECRET}" "${VISUM_OP_REDIRECTS:?redirect URIs are needed in VISUM_OP_REDIRECTS}"
export VISUM_OP_SECRET VISUM_OP_REDIRECTS VISUM_OP_CLIENT=${VISUM_OP_CLIENT:-visum} VISUM_OP_HOST=${VISUM_OP_HOST:-127.0.0.3}
# One server for each set of redirects: brokers of tests that run at once don't take it from each other.
NAME=oidc-provider-$(digest "$VISUM_OP_REDIRECTS" | cut -c1-12)
PORT=$(port "$NAME" "${VISUM_OP_PORT:-}")
export VISUM_OP_PORT=$PORT
cp "$HERE/oidc-provider.mjs" "$P/npm/"
cd "$P/npm"
start "$NAME" "$PORT $VISUM_OP_HOST $VISUM_OP_CLIENT $VISUM_OP_SECRET $VISUM_OP_REDIRECTS" node oidc-provider.mjs
ready "$NAME" "http://$VISUM_OP_HOST:$PORT/.well-known/openid-configuration" 30
echo "http://$VISUM_OP_HOST:$PORT"
