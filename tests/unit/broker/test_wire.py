"""A socket that is read in bulk."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator

import pytest

from umbel.broker.wire import Wakeup, Wire, finish_sending


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@pytest.mark.parametrize("patched", [False, True], ids=["plain", "patched by eventlet"])
def test_what_comes_is_read_and_silence_is_nothing(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    if patched:
        monkeypatch.delattr(select, "poll")
    ours, theirs = pair
    wakeup, buffer = Wakeup(), bytearray()
    wire = Wire(ours, wakeup)

    assert wire.read_into(buffer, 0) == 0
    theirs.sendall(b"one")
    assert wire.read_into(buffer, 10) == 3
    wakeup.set()
    assert wire.read_into(buffer, 10) == 0
    theirs.sendall(b"two")
    assert wire.read_into(buffer, 10) == 3
    wakeup.close()

    assert buffer == b"onetwo"


def test_what_was_sent_last_arrives_though_what_came_was_not_read() -> None:
    """A reset would take it along."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    with ours, theirs:
        theirs.sendall(b"unread" * 1_000)
        received: list[bytes] = []

        def read_all() -> None:
            while part := theirs.recv(100):
                received.append(part)
            theirs.close()

        reader = threading.Thread(target=read_all)
        ours.sendall(b"acknowledged")
        reader.start()
        finish_sending(ours)
        ours.close()
        reader.join(10)

    assert received == [b"acknowledged"]


def test_whoever_never_ends_the_connection_is_not_waited_for(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("umbel.broker.wire.FINISH_S", 0.05)
    ours, _ = pair

    with pytest.raises(TimeoutError):
        finish_sending(ours)
