# SPDX-License-Identifier: MIT
"""The servers of a comparison: an origin, and a sidecar between it and the client."""
import os
import socket
import subprocess
import time

NGINX_COMMON = """
daemon off; worker_processes {workers}; pid {dir}/{name}.pid;
error_log {dir}/{name}.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {dir}/{name}.body; proxy_temp_path {dir}/{name}.proxy;
  fastcgi_temp_path {dir}/{name}.f; uwsgi_temp_path {dir}/{name}.u; scgi_temp_path {dir}/{name}.s;
  keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on;
"""

ORIGIN = NGINX_COMMON + """
  sendfile on;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {dir}/www; }}
  server {{
    listen 127.0.0.1:{tls_port} ssl backlog=4096; root {dir}/www;
    ssl_certificate {dir}/certificate; ssl_certificate_key {dir}/key;
  }}
}}
"""

# Named twice: with one server in a group nginx has no next one to try.
NGINX_SIDECAR = NGINX_COMMON + """
  upstream origin {{
    server 127.0.0.1:{origin} max_fails=0; server 127.0.0.1:{origin} max_fails=0;
    keepalive 1100; keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass {scheme}://origin; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_next_upstream error timeout; proxy_buffers 16 64k; proxy_ssl_verify off;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 4096
  nbthread {workers}
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  retries 3
  option redispatch
  retry-on all-retryable-errors
  http-reuse always
listen sidecar
  bind 127.0.0.1:{port} backlog 4096
  server origin 127.0.0.1:{origin} pool-max-conn -1{tls}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A program that listens on `port`, and its children."""

    def __init__(self, command, port, log=None):
        self.port = port
        self.log = log
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_open(command)

    def _wait_until_open(self, command):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError("does not start: " + " ".join(command))

    def _pids(self):
        pid = self.process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                return [str(pid)] + file.read().split()
        except OSError:
            return []

    def cpu_seconds(self):
        """User and system time of it and of its children so far."""
        total = 0
        for pid in self._pids():
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        """What of them is resident, pages that they share counted once each (PSS)."""
        total = 0
        for pid in self._pids():
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return total

    def stop(self):
        self.process.terminate()
        self.process.wait()


def make_files(folder):
    """What the origin serves, and its certificate, in FOLDER."""
    os.makedirs(f"{folder}/www", exist_ok=True)
    for name, size in (("small", 200), ("large", 1 << 20)):
        with open(f"{folder}/www/{name}", "wb") as file:
            file.write(b"x" * size)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", f"{folder}/key", "-out", f"{folder}/certificate"],
                   check=True, capture_output=True)
    for path in (folder, f"{folder}/www"):
        os.chmod(path, 0o755)


def start_nginx(folder, name, template, **values):
    path = f"{folder}/{name}.conf"
    with open(path, "w", encoding="ascii") as file:
        file.write(template.format(dir=folder, name=name, workers=os.cpu_count(), **values))
    return Server(["nginx", "-c", path, "-e", f"{folder}/{name}.log"], values["port"])


def start_origin(folder):
    """nginx with small and large files; its port for TLS is in `tls_port`."""
    ports = {"port": free_port(), "tls_port": free_port()}
    server = start_nginx(folder, "origin", ORIGIN, **ports)
    server.tls_port = ports["tls_port"]
    return server


def start_sidecar(kind, folder, origin, tls):
    """haproxy or nginx in front of the port ORIGIN; what it speaks to it is TLS if told so."""
    port = free_port()
    name = f"{kind}{'-tls' if tls else ''}-{port}"
    if kind == "nginx":
        return start_nginx(folder, name, NGINX_SIDECAR, port=port, origin=origin,
                           scheme="https" if tls else "http")
    path = f"{folder}/{name}.cfg"
    with open(path, "w", encoding="ascii") as file:
        file.write(HAPROXY.format(workers=os.cpu_count(), port=port, origin=origin,
                                  tls=" ssl verify none" if tls else ""))
    return Server(["haproxy", "-db", "-f", path], port)


def start_failing(faultd, folder):
    """faultd, which resets one in a hundred of the requests on connections that are reused."""
    port, log = free_port(), f"{folder}/seen"
    return Server([faultd, "--parent", "--port", str(port), "--log", log,
                   "--fault", "reset@2+,every:100"], port, log)
