"""TLS in front of a plain port: tls-front.py LISTEN_PORT TARGET_HOST TARGET_PORT CERTIFICATE KEY. Bytes go through as they are."""

import socket
import ssl
import sys
import threading

listen, host, target, certificate, key = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(plain):
    try:
        inside = context.wrap_socket(plain, server_side=True)
        outside = socket.create_connection((host, target), timeout=10)
        outside.settimeout(None)
    except OSError:
        plain.close()
        return
    threading.Thread(target=pump, args=(inside, outside), daemon=True).start()
    pump(outside, inside)


server = socket.create_server(("127.0.0.1", listen))
while True:
    accepted, _ = server.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
