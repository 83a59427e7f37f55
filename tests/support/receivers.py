"""Receivers of messages: a real HTTP server and a real mail server on loopback."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import msgspec


class Received(msgspec.Struct, frozen=True):
    """A request as it came, header names in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


class HttpReceiver:
    """What it received, and what it answers: the first of `answers`, the last one again and
    again. `headers` go with each answer."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[int] = [200]
        self.headers: dict[str, str] = {}
        self.url = ""
        #: What happens between a request and its answer.
        self.before_answer: Callable[[], None] = lambda: None

    def answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """A receiver of webhooks at its `url`."""
    receiver = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            receiver.before_answer()
            self.send_response(receiver.answer())
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    with _served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        receiver.url = f"http://127.0.0.1:{port}"
        yield receiver


class MailReceiver:
    """Letters as they came. A recipient in `refused` is refused with its code; `bye` is what QUIT
    is answered, `answers` what other commands are, of which the empty one is the greeting."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refused: dict[str, int] = {}
        self.bye = "221 bye"
        self.answers: dict[str, str] = {}
        self.url = ""


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    """A mail server at its `url`, as much of RFC 5321 as a letter needs."""
    receiver = MailReceiver()

    class Handler(socketserver.StreamRequestHandler):
        replies: ClassVar = {"EHLO": "250 hello", "HELO": "250 hello", "MAIL": "250 ok",
                             "RSET": "250 ok", "NOOP": "250 ok"}  # fmt: skip

        def handle(self) -> None:
            self._say(receiver.answers.get("", "220 ready"))
            while line := self.rfile.readline().decode().strip():
                word = line[:4].upper()
                if word in receiver.answers and word != "DATA":
                    self._say(receiver.answers[word])
                elif word == "RCPT":
                    code = next((c for who, c in receiver.refused.items() if who in line), 250)
                    self._say(f"{code} {'ok' if code == 250 else 'no'}")
                elif word == "DATA":
                    self._say("354 go on")
                    receiver.letters.append(self._letter())
                    self._say(receiver.answers.get("DATA", "250 taken"))
                elif word == "QUIT":
                    self._say(receiver.bye)
                    return
                else:
                    self._say(self.replies.get(word, "502 unknown"))

        def _letter(self) -> EmailMessage:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            found: Any = message_from_bytes(b"".join(lines), policy=policy.default)
            letter: EmailMessage = found
            return letter

        def _say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with _served(Server(("127.0.0.1", 0), Handler)) as port:
        receiver.url = f"smtp://127.0.0.1:{port}"
        yield receiver


@contextmanager
def _served(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield int(server.socket.getsockname()[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
