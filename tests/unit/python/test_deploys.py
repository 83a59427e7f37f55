"""`deploys`, `announce_deploy` and `remove_deploy` over a data directory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from umbel import Events, aio, announce_deploy, deploys, remove_deploy
from umbel.errors import ActionRefused, DeployUnknown
from umbel.store.sqlite import SqliteStore

DAY_S = 86_400.0


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    """An empty history."""
    SqliteStore(tmp_path, write=True).close()
    with Events(directory=tmp_path) as opened:
        yield opened


def test_a_deploy_is_announced_listed_and_taken_back(events: Events) -> None:
    announced = announce_deploy(events, " 5.7 ", note="new payment provider")

    (listed,) = deploys(events).items
    assert listed == announced
    assert (listed.title, listed.version, listed.note) == (
        "Deploy of 5.7", "5.7", "new payment provider",
    )  # fmt: skip

    remove_deploy(events, announced.id)
    assert deploys(events).items == ()


def test_they_are_of_a_time_and_the_last_week_unless_asked_otherwise(events: Events) -> None:
    now = time.time()
    for version, days in (("5.5", 9), ("5.6", 2), ("5.7", 1)):
        announce_deploy(events, version, at=now - days * DAY_S)

    def versions(**asked: Any) -> list[str | None]:
        return [each.version for each in deploys(events, **asked).items]

    assert versions() == ["5.7", "5.6"]
    assert versions(end=now - 1.5 * DAY_S) == ["5.6"]
    assert versions(end=now - 4 * DAY_S) == ["5.5"]
    assert versions(start=now - 30 * DAY_S) == ["5.7", "5.6", "5.5"]
    assert (versions(limit=1), deploys(events, limit=1).more) == (["5.7"], 1)


@pytest.mark.usefixtures("events")
def test_events_that_were_opened_last_need_no_name() -> None:
    mark = announce_deploy("5.7")

    assert [each.id for each in deploys().items] == [mark.id]
    remove_deploy(mark.id)
    assert deploys().items == ()


def test_they_are_coroutines_as_well(events: Events) -> None:
    async def told() -> list[str]:
        mark = await aio.announce_deploy(events, "5.7")
        found = [each.title for each in (await aio.deploys(events)).items]
        await aio.remove_deploy(events, mark.id)
        return found

    assert asyncio.run(told()) == ["Deploy of 5.7"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"version": " "}, "version is a text of 1 to 100 characters, not ' '"),
        ({"version": 57}, "version is a text of 1 to 100 characters, not 57"),
        ({"version": "5" * 101}, "version is a text of 1 to 100 characters"),
        ({"version": "5.7", "note": "x" * 1_001}, "note is a text of 0 to 1,000 characters"),
        ({"version": "5.7", "at": "soon"}, "at cannot be 'soon'"),
    ],
)
def test_what_cannot_be_announced_is_refused(
    events: Events, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        announce_deploy(events, **wrong)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"limit": 0}, "limit is a number from 1 to 200, not 0"),
        ({"start": 2.0, "end": 1.0}, "start must lie before end"),
    ],
)
def test_what_cannot_be_listed_is_refused(
    events: Events, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        deploys(events, **wrong)


def test_a_time_far_ahead_and_an_unknown_id_are_refused(events: Events) -> None:
    with pytest.raises(ActionRefused, match="announced while it is done or afterwards"):
        announce_deploy(events, "5.8", at=time.time() + DAY_S)
    with pytest.raises(DeployUnknown, match="No deploy with the id abc is known"):
        remove_deploy(events, "abc")
