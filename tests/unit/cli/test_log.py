"""`umbel log --follow` over a server."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.unit.client.serving import Answer, Asked, serving
from umbel.cli import log
from umbel.cli.start import run
from umbel.services.search.task_log import TaskLog
from umbel.store.opening import open_store

AWAY = (502, "text/html", b"The server is being started again.")


def test_a_log_is_followed_on_while_the_server_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log, "_AGAIN_S", 0.01)
    with closing(open_store(tmp_path, write=True)) as store:
        store.apply(succeeded(uuid_of(1), BASE))
        task = msgspec.json.encode(store.task(uuid_of(1)))
    empty = msgspec.json.encode(TaskLog(parts=(), runs=(), next="1", complete=True, are_sent=True))

    with serving() as server:

        def answer(asked: Asked) -> Answer:
            if 3 <= len(server.asked) <= 6:
                return AWAY
            body = empty if "/log" in asked.path else task
            return (200, "application/json", body)

        server.answer = answer
        code = run(["log", uuid_of(1), "--follow", "--server", server.url])

    assert (code, capsys.readouterr().err) == (0, "No line of this task was sent.\n")
    assert len(server.asked) > 6
