"""A socket that is read in bulk."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from umbel.broker.wire import Wakeup, Wire


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
