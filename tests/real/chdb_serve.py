"""ClickHouse's HTTP interface, as much of it as a reader needs, over chdb: ClickHouse's own engine in this process. Run with chdb's Python.

    python chdb_serve.py FOLDER PORT

One session, one query at a time. A query is the body of a POST, or the parameter `query` with its data as the body.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session


class Door(BaseHTTPRequestHandler):
    session: Session

    def do_GET(self) -> None:
        self.answer(200, b"Ok.\n")

    def do_POST(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.headers.get("X-ClickHouse-User", "default") != "default":
            self.answer(403, b"Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)")
            return
        try:
            for database in asked.get("database", []):
                self.session.query(f"USE `{database}`")
            found = self.session.query("\n".join([*asked.get("query", []), body]), "TabSeparated").bytes()
        except Exception as error:
            self.answer(404 if "UNKNOWN_TABLE" in str(error) else 400, str(error).encode())
        else:
            self.answer(200, found or b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Door.session = Session(sys.argv[1])
    HTTPServer(("127.0.0.1", int(sys.argv[2])), Door).serve_forever()
