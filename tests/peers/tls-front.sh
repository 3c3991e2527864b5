#!/usr/bin/env bash
# Ours, no peer: TLS in front of a plain loopback port, for clients that insist on https; with a test CA made here.
#   tls-front.sh TARGET_PORT [LISTEN_PORT] [TARGET_HOST]     last line: https://127.0.0.1:PORT
#   tls-front.sh ca                                          last line: the CA's certificate (PEM)
# Give the CA to clients by REQUESTS_CA_BUNDLE, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS. Valid for ten days, then made anew.
. "$(dirname "$0")/lib.sh"
need openssl openssl
T="$P/data/tls"
certificates() {
  [ -f "$T/leaf.pem" ] && openssl x509 -in "$T/leaf.pem" -checkend 3600 -noout >/dev/null && return
  rm -rf "$T" && mkdir -p "$T" && cd "$T"
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  openssl req -x509 "${key[@]}" -keyout ca.key -out ca.pem -days 10 -subj "/CN=Visum test CA" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
  openssl req "${key[@]}" -keyout leaf.key -out leaf.csr -subj /CN=localhost
  printf '%s\n' subjectAltName=IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,DNS:localhost basicConstraints=critical,CA:FALSE \
    keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth >leaf.ext
  openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 -extfile leaf.ext -out leaf.pem
}
locked certificates >"$P/log/tls.log" 2>&1 || fail "openssl could not make a test CA; see $P/log/tls.log"
[ "$1" = ca ] && { echo "$T/ca.pem"; exit; }
TARGET=$1 HOST=${3:-127.0.0.1}
NAME=tls-$HOST-$TARGET
PORT=$(port "$NAME" "${2:-}")
start "$NAME" "$PORT $(sha256sum "$T/leaf.pem")" python3 "$HERE/tls-front.py" "$PORT" "$HOST" "$TARGET" "$T/leaf.pem" "$T/leaf.key"
for n in $(seq 100); do python3 -c "import socket; socket.create_connection(('127.0.0.1', $PORT), 1)" 2>/dev/null && break; alive "$NAME" || fail "the TLS front did not start; see $P/log/$NAME.log"; sleep 0.1; done
echo "https://127.0.0.1:$PORT"
