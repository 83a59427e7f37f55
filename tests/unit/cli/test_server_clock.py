"""Times ago are by the clock of the server, whatever the clock of this machine says."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.unit.client.serving import Answer, Asked, serving
from umbel.cli.start import run
from umbel.python.opening import open_settings
from umbel.settings import Settings
from umbel.store.opening import open_store

SERVER_NOW = 1_000_000.0
NOWHERE = (404, "application/json", b"{}")


@pytest.mark.parametrize(("command", "parameter"), [("deploys", "after"), ("names", "since")])
def test_an_hour_ago_is_an_hour_before_the_servers_now(
    command: str, parameter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "data")
    open_store(data, write=True).close()
    with closing(open_settings(Settings(data=tmp_path / "data"))) as source:
        status = json.loads(msgspec.json.encode(source.status())) | {"now": SERVER_NOW}

    def answer(asked: Asked) -> Answer:
        is_status = urlsplit(asked.path).path.endswith("/status")
        return (200, "application/json", json.dumps(status).encode()) if is_status else NOWHERE

    with serving() as server:
        server.answer = answer
        code = run([command, "--since", "1h", "--server", server.url])
    capsys.readouterr()

    asked, *_ = (urlsplit(each.path) for each in server.asked if f"/{command}" in each.path)
    assert (code, parse_qs(asked.query)[parameter]) == (1, [str(SERVER_NOW - 3_600)])
