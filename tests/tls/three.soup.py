# SPDX-License-Identifier: MIT
"""three.soup.py FOLDER PORT [METHOD]: three requests on one connection by libsoup 3; prints what becomes of each."""
import sys
import time

import gi

gi.require_version("Soup", "3.0")
from gi.repository import Gio, GLib, Soup  # noqa: E402

folder, port = sys.argv[1:3]
method = sys.argv[3] if len(sys.argv) > 3 else "GET"
session = Soup.Session()
session.set_tls_database(Gio.TlsFileDatabase.new(folder + "/trusted.pem"))
for number in 1, 2, 3:
    time.sleep(0.025)
    message = Soup.Message.new(
        method if number == 2 else "GET", f"https://localhost:{port}/{number}"
    )
    if message.get_method() == "POST":
        message.set_request_body_from_bytes("text/plain", GLib.Bytes.new(b"x"))
    try:
        print(session.send_and_read(message).get_data().decode(), end="", flush=True)
    except GLib.Error as error:
        print(error.message, flush=True)
        break
