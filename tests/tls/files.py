# SPDX-License-Identifier: MIT
"""files.py FOLDER REPOSITORY: serves what is in REPOSITORY by https, and closes a connection instead of
its answer to each fifth request, then says nothing of it. Prints its port, and at the end of its
input how many connections there were, and how many requests were left without an answer."""
import http.server
import ssl
import sys
import threading

AT_MOST = 5


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections, unanswered = 0, 0

    def setup(self):
        super().setup()
        Handler.connections += 1
        self.count = 0

    def do_GET(self):
        self.count += 1
        if self.count == AT_MOST:
            Handler.unanswered += 1
            self.close_connection = True
            return
        super().do_GET()

    def log_message(self, *args):
        pass


folder, repository = sys.argv[1:3]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/same.pem", f"{folder}/same.key")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self):
        conn, peer = super().get_request()
        return context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False), peer


server = Server(("127.0.0.1", 0), lambda *args: Handler(*args, directory=repository))
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
print(Handler.connections, Handler.unanswered, flush=True)
