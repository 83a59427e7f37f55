"""When an answer of Umbel is as Flower's: what may differ, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from bench.flower_env import NotInstallable, install
from tests.api.flower.said import Said, without_times
from tests.api.flower.steps import GAVE_UP, Step
from tests.support.services import absent

#: Errors of which Umbel says more than Flower does.
IN_OTHER_WORDS: Final = frozenset(
    {"apply at a bad ETA", "apply no JSON", "post by get", "get by post"}
)
#: Pages that are there with one and not with the other, by the status that Umbel answers with.
OTHER_PAGES: Final = {
    "page: an unknown worker": 200,  # the page says so, and shows it once it is heard
    "page: an unknown task": 200,  # likewise
    "page: login": 200,  # Flower has it only where somebody logs in
    "page: logout": 200,  # leads there; no link alone logs anybody out
    "page: script of a page": 404,  # Umbel's pages have their own
    "page: rows of a page": 404,  # likewise, and GET /api/tasks lists tasks
}


def flower_command() -> tuple[Path | None, str | None]:
    """The `celery` command beside Flower; or None, and why Flower cannot be had."""
    try:
        return install(), None
    except NotInstallable as error:
        return None, str(error)


def assert_alike(step: Step, umbel: Said, flower: Said) -> None:
    """Both were asked beside each other."""
    if GAVE_UP in str(flower.body):
        pytest.skip("Flower waits a second for a worker's answer, and this machine was too busy.")

    flower = flower._replace(body=_as_if_sent_first(flower.body, umbel.body))
    assert _comparable(step, umbel) == _expected(step, flower)


def assert_as_recorded(step: Step, umbel: Said, flower: Said) -> None:
    """Flower was asked once, of another cluster that was alike."""
    found = without_times(_comparable(step, umbel).as_recorded())

    assert found == without_times(_expected(step, flower).as_recorded())


def _as_if_sent_first(flower: Any, umbel: Any) -> Any:
    """Where Flower heard last of all that a task was sent, it takes the time and the clock of that
    for those of the last event; Umbel does not go by the order in which it hears."""
    if not isinstance(flower, dict) or not isinstance(umbel, dict):
        return flower
    if "uuid" not in flower:
        return {key: _as_if_sent_first(each, umbel.get(key)) for key, each in flower.items()}
    times = {key: umbel.get(key) for key in ("timestamp", "clock") if key in flower}
    is_late = flower.get("timestamp") == flower.get("sent")
    return {**flower, **times} if is_late and flower.get("state") != "PENDING" else flower


def _comparable(step: Step, answer: Said) -> Said:
    """The answer, but for words that are better."""
    if step.is_page and answer.status == 503:
        absent("The pages", "they were not built")
    return answer._replace(body=None) if step.name in IN_OTHER_WORDS else answer


def _expected(step: Step, flower: Said) -> Said:
    status = OTHER_PAGES.get(step.name, flower.status)
    return _comparable(step, flower)._replace(status=status)
