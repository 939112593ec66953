#!/bin/sh
# SPDX-License-Identifier: MIT
# curl 7.88.1 (Debian 12, OpenSSL), three requests in one run. The server answers with
#   `Connection: close` and a Content-Length, and closes with a close_notify or without.
# Guess: the second and third handshake resume the first one's session; how a connection ended has
#   not mattered to that since TLS 1.1 (RFC 5246 7.2.1).
# Instead: without the close_notify each handshake of TLS 1.2 is a full one; TLS 1.3 resumes. Ruby's
#   Net::HTTP, with OpenSSL too, resumes in all four cases.
# Matters: whoever makes a new connection for one that was lost pays the full handshake, with curl
#   and not with others, and only with servers that end at TLS 1.2.
# Versions: curl 7.88.1 with OpenSSL 3.0; Net::HTTP of Ruby 3.1.
# Seen 2026-11-29, TLS 1.2, no close_notify: curl full three times, Ruby full, resumed, resumed.
. "$(dirname "$0")/support/find.sh"

need ruby --version
curl -V | cut -d' ' -f1,2,5 | head -1
need openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$tmp/key.pem" -out "$tmp/cert.pem"
cat >"$tmp/server.py" <<'PY'
import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.settimeout(120)
with open("handshakes", "a", buffering=1) as log:
    while True:
        sock = listener.accept()[0]
        try:
            sock = context.wrap_socket(sock, server_side=True)
            path = sock.recv(65536).split(b" ")[1].decode()
            log.write(f"{path} {'resumed' if sock.session_reused else 'full'}\n")
            sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            if path.endswith("goodbye"):
                sock = sock.unwrap()
        except (OSError, IndexError):
            pass
        sock.close()
PY
cat >"$tmp/find.rb" <<'RUBY'
require 'net/http'

http = Net::HTTP.new('localhost', ARGV[0].to_i)
http.use_ssl = true
http.ca_file = 'cert.pem'
http.min_version = http.max_version = ARGV[1] == '1.2' ? :TLS1_2 : :TLS1_3
3.times { http.start { |started| started.get(ARGV[2]) } }
RUBY
own=$(free_port)
cd "$tmp" || exit 1
start "$own" python3 server.py "$own"

# handshakes CLIENT VERSION END
handshakes() {
	path=/$1/$2/$3
	if [ "$1" = curl ]; then
		url=https://localhost:$own$path
		run curl -s --http1.1 --cacert cert.pem --tls-max "$2" --tlsv"$2" \
			"$url" "$url" "$url" >"$tmp/out"
	else
		run ruby find.rb "$own" "$2" "$path"
	fi
	sed -n "s|^$path ||p" handshakes | paste -sd' ' -
}

again="full resumed resumed"
expect "curl, TLS 1.2, goodbye" "$again" "$(handshakes curl 1.2 goodbye)"
expect "curl, TLS 1.2, no goodbye" "full full full" "$(handshakes curl 1.2 none)"
for end in goodbye none; do
	expect "curl, TLS 1.3, $end" "$again" "$(handshakes curl 1.3 $end)"
	for version in 1.2 1.3; do
		expect "Ruby, TLS $version, $end" "$again" "$(handshakes ruby $version $end)"
	done
done
find_end
