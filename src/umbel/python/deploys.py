"""Deploys: those that there were, announcing one, and taking back a mistaken one. See `workers`
for `events`."""

from __future__ import annotations

import time
from typing import Final

from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_span, unix_time
from umbel.services.deploys.deploys import MARKS_MAX, NOTE_MAX, VERSION_MAX, DeployList
from umbel.services.deploys.marks import DeployMark

#: How long before the end deploys are listed when nobody says since when, seconds.
_SPAN_S: Final = 7 * 86_400.0


@on_source
def deploys(
    source: Source, /, start: TimeLike = None, end: TimeLike = None, limit: int = MARKS_MAX
) -> DeployList:
    """The deploys from `start` (a week before the end, unless given) to `end` (now) in `items`, the
    newest first: `id`, `at` and `until` (Unix seconds), `title`, `version`, `note`, `by`, `kinds`
    (how each was noticed), `changes` in sentences. `more` is how many older ones are left out.

    Raises `ValueError` for a wrong time or number, and what the source raises.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MARKS_MAX:
        raise ValueError(f"limit is a number from 1 to {MARKS_MAX}, not {limit!r}.")
    after, before = unix_span(start, end)
    if after is None:
        after = (time.time() if before is None else before) - _SPAN_S
    return source.deploys(after, before, limit)


@on_source
def announce_deploy(
    source: Source, /, version: str, at: TimeLike = None, note: str = ""
) -> DeployMark:
    """Tell everybody that `version` was deployed at that time, or now; `note` is your words about
    it. Gives the deploy that it belongs to: a version that is announced twice is one.

    Raises `ValueError` for a version, note or time that cannot be, `ActionRefused` for a time too
    long ago or ahead, and `NotPermitted` where your role does not allow it.
    """
    return source.announce_deploy(
        _text(version, "version", VERSION_MAX, least=1), unix_time(at, "at"),
        _text(note, "note", NOTE_MAX),
    )  # fmt: skip


@on_source
def remove_deploy(source: Source, /, deploy_id: str) -> None:
    """Take back a deploy that was a mistake, by its `id`, with all that was seen of it. Raises
    `DeployUnknown`, and `NotPermitted` where your role does not allow it."""
    source.remove_deploy(deploy_id)


def _text(value: str, name: str, most: int, *, least: int = 0) -> str:
    if not isinstance(value, str) or not least <= len(value.strip()) <= most:
        raise ValueError(f"{name} is a text of {least} to {most:,} characters, not {value!r:.60}.")
    return value.strip()
