#!/usr/bin/env bash
# Apache 2.4 with mod_auth_openidc 2.4 (Debian): a web server that others wrote, with a page behind a login at ISSUER.
#   apache-openidc.sh ISSUER CLIENT_ID       last line: the page's address, http://127.0.0.1:PORT/secret/
# VISUM_RP_SECRET: the client's secret. VISUM_RP_PORT: the port wanted; the redirect URI is the page's address with `cb`
# behind it. VISUM_RP_CA: the authority that the issuer's certificate is of. VISUM_RP_ALG: the id token's algorithm wanted.
# What it knows of the person comes back in the headers X-Sub, X-Iss and X-Name. "install" only looks whether it is there.
. "$(dirname "$0")/lib.sh"
MODULES=/usr/lib/apache2/modules
HTTPD=$(command -v apache2 || echo /usr/sbin/apache2)
[ -x "$HTTPD" ] || fail "Apache is not installed (Debian: apt-get install apache2-bin)"
[ -f "$MODULES/mod_auth_openidc.so" ] || fail "mod_auth_openidc is not installed (Debian: apt-get install libapache2-mod-auth-openidc)"
[ "${1:-}" = install ] && { echo "$HTTPD"; exit; }
ISSUER=$1 CLIENT=$2
NAME=apache-openidc
PORT=$(port "$NAME" "${VISUM_RP_PORT:-}")
# Started as root, Apache serves as another user, to whom all on the way to its files must be open: not a home folder.
A="${TMPDIR:-/tmp}/visum-apache-$(id -u)-$PORT"
rm -rf "$A"
mkdir -p "$A/htdocs/secret" "$A/run"
echo "behind the login" >"$A/htdocs/secret/index.html"
[ "$(id -u)" = 0 ] && RUNS_AS=$'User www-data\nGroup www-data' || RUNS_AS=
chmod -R a+rX "$A"
umask 077
cat >"$A/httpd.conf" <<CONF
ServerRoot "$A"
Listen 127.0.0.1:$PORT
ServerName 127.0.0.1:$PORT
PidFile "$A/run/pid"
ErrorLog "$P/log/$NAME-$PORT.error.log"
DefaultRuntimeDir "$A/run"
$RUNS_AS
LoadModule mpm_prefork_module $MODULES/mod_mpm_prefork.so
LoadModule authn_core_module $MODULES/mod_authn_core.so
LoadModule authz_core_module $MODULES/mod_authz_core.so
LoadModule authz_user_module $MODULES/mod_authz_user.so
LoadModule dir_module $MODULES/mod_dir.so
LoadModule headers_module $MODULES/mod_headers.so
LoadModule auth_openidc_module $MODULES/mod_auth_openidc.so
DocumentRoot "$A/htdocs"
OIDCProviderMetadataURL $ISSUER/.well-known/openid-configuration
OIDCSSLValidateServer On
${VISUM_RP_CA:+OIDCCABundlePath "$VISUM_RP_CA"}
OIDCClientID $CLIENT
OIDCClientSecret $VISUM_RP_SECRET
OIDCProviderTokenEndpointAuth client_secret_basic
${VISUM_RP_ALG:+OIDCIDTokenSignedResponseAlg $VISUM_RP_ALG}
OIDCRedirectURI http://127.0.0.1:$PORT/secret/cb
OIDCCryptoPassphrase $(head -c 24 /dev/urandom | base64)
OIDCScope "openid profile email"
OIDCRemoteUserClaim sub
OIDCPKCEMethod S256
<Directory "$A/htdocs">
  Require all granted
</Directory>
<Location /secret>
  AuthType openid-connect
  # A page for whom it does not know yet, whatever the client says of itself in Sec-Fetch-Mode.
  OIDCUnAuthAction auth true
  Require valid-user
  Header always set X-Sub "%{OIDC_CLAIM_sub}e"
  Header always set X-Iss "%{OIDC_CLAIM_iss}e"
  Header always set X-Name "%{OIDC_CLAIM_name}e"
</Location>
CONF
start "$NAME" "$PORT $ISSUER $CLIENT $(digest "$VISUM_RP_SECRET") ${VISUM_RP_ALG:-}" "$HTTPD" -f "$A/httpd.conf" -DFOREGROUND
ready "$NAME" "http://127.0.0.1:$PORT/" 20
echo "http://127.0.0.1:$PORT/secret/"
