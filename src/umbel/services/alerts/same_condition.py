"""Whether an alert is still about what its rule says, after somebody changed the rule. Pure."""

from __future__ import annotations

import msgspec

from umbel.errors import QueryError, ZoneUnknown
from umbel.query.globbing import glob
from umbel.services.alerts.condition import Condition, QueueThreshold, WorkerSilence
from umbel.services.alerts.condition_parse import parse_condition
from umbel.store.alerts import Alert

#: How much, for how long and until when: what it is about stays the same where these change.
_BOUNDS = frozenset({"limit", "window_s", "silent_s", "for_s", "minute", "zone", "severity"})
#: Names and patterns of what counts for itself, as the subject of an alert of its own.
_PATTERNS = frozenset({"queue", "worker"})


def is_of(alert: Alert, condition: str) -> bool:
    """Whether an alert can go on where its rule says `condition` now: with another limit it can,
    with another search it is about something else."""
    if alert.condition == condition:
        return True
    try:
        before, after = parse_condition(alert.condition), parse_condition(condition)
    except (QueryError, ZoneUnknown):  # of another version, or another machine
        return False
    return type(before) is type(after) and _terms(before) == _terms(after) and _fits(alert, after)


def _terms(condition: Condition) -> dict[str, object]:
    left_out = _BOUNDS | (
        _PATTERNS if isinstance(condition, QueueThreshold | WorkerSilence) else set()
    )
    found = msgspec.structs.asdict(condition)
    return {name: value for name, value in found.items() if name not in left_out}


def _fits(alert: Alert, condition: Condition) -> bool:
    if isinstance(condition, QueueThreshold):
        return glob(condition.queue)(alert.subject)
    return not isinstance(condition, WorkerSilence) or glob(condition.worker)(alert.subject)
