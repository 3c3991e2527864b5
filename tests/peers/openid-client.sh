#!/usr/bin/env bash
# openid-client 6.8.9 (npm): an OpenID Certified relying party that others wrote, logging in at ISSUER. A small browser
# without scripts follows redirects, links and forms for it.
#   openid-client.sh ISSUER CLIENT_ID REDIRECT_URI
# VISUM_RP_SECRET: the client's secret (none: a public client). VISUM_RP_SCOPE: default "openid profile email".
# VISUM_RP_LOGIN: whom to log in as (default ada): follows a link with that login_hint, fills it into a field `login`.
# VISUM_RP_UPSTREAM: where a page offers several providers, the one whose link or button has this text in it.
# NODE_EXTRA_CA_CERTS: the test CA, for https. DEBUG=1 shows the way. "install" only installs.
# Last line: {"claims": id-token claims, "userinfo": …, "scope": …}; the client checks state, nonce, PKCE, iss, signature.
. "$(dirname "$0")/lib.sh"
need_node
npm_packages oidc-provider@9.13.3 openid-client@6.8.9
[ "${1:-}" = install ] && { echo "$P/npm"; exit; }
cp "$HERE/openid-client.mjs" "$HERE/browser.mjs" "$P/npm/"
cd "$P/npm"
exec node openid-client.mjs "$@"
