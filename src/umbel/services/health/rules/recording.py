"""Umbel itself: that it records, all of it, in time, and has room for it.

What the band above every page says (`liveness`) is said here too, in the same sentences, so that
nobody reads "all well" of a cluster that is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from umbel.errors import StoreError
from umbel.services.control.types import ActionRequest
from umbel.services.health.facts import HealthFacts
from umbel.services.health.findings import CAUSES, Trouble, covered_s
from umbel.services.health.health_finding import FindingAction, HealthFinding, Weight, finding_id
from umbel.services.health.rules.base import OVER_BELOW, finding, link, plan, threshold
from umbel.services.phrases import names, span

#: So far behind is grave, seconds.
BEHIND_GRAVE_S: Final = 300.0
#: Gaps that are shorter together are not worth a sentence, seconds.
GAP_MIN_S: Final = 10.0
#: The history is near its bound when it has so much of what it may have.
NEAR_BOUND: Final = 0.9
#: A disk is nearly full with so little of it free, and full with so little.
DISK_FREE: Final = 0.1
DISK_FREE_GRAVE: Final = 0.03

#: By kind of trouble, the rule that it belongs to, and why it matters.
_RULES: Final[dict[str, tuple[str, str]]] = {
    "blind": ("not-recording", "What happens now is not recorded, and nothing here is of now."),
    "deaf": ("not-recording", "What happens now is not recorded, and nothing here is of now."),
    "foreign_consumer": (
        "not-recording",
        "Somebody else takes events away, and what they take is not recorded.",
    ),
    "behind": (
        "collector-behind",
        "States, counts and rates are those of some time ago, and so are findings.",
    ),
    "damaged_store": ("store-damaged", "Searches and counts go on without that part."),
    "events_off": (
        "events-off",
        "What these workers run is in no list and no count, as if it had not happened.",
    ),
    "discarded": ("events-missed", "What these events told is missing from their tasks."),
    "shed": ("events-missed", "What these events told is missing from their tasks."),
    "lost": ("events-missed", "What these events told is missing from their tasks."),
}
_WEIGHTS: Final[dict[str, Weight]] = {
    "error": "critical", "warning": "warning", "notice": "notice",
}  # fmt: skip
_HELP: Final = link("What to do", "docs/troubleshooting")


def _of_rule(facts: HealthFacts, rule: str) -> Iterable[HealthFinding]:
    for each in facts.live.troubles:
        its_rule, why = _RULES.get(each.kind, ("", ""))
        if its_rule == rule:
            yield _found(facts, rule, each, why)


def _found(facts: HealthFacts, rule: str, trouble: Trouble, why: str) -> HealthFinding:
    weight = _WEIGHTS[trouble.severity]
    if rule == "collector-behind" and (facts.live.lag_s or 0.0) >= BEHIND_GRAVE_S:
        weight = "critical"
    return finding(
        rule,
        _subject(rule, trouble),
        weight,
        f"{trouble.sentence} {trouble.remedy}".strip(),
        why=why,
        since=trouble.since,
        action=_action(trouble),
    )


def _subject(rule: str, trouble: Trouble) -> str:
    """What tells several of one rule apart: damaged files by what is said of them."""
    if rule == "store-damaged":
        return trouble.sentence
    return trouble.kind if rule == "events-missed" else ""


def _action(trouble: Trouble) -> FindingAction:
    if trouble.action == "enable_events":
        request = ActionRequest(action="enable_events", workers=list(trouble.workers))
        return plan("Enable events", request)
    return _HELP


def not_recording(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Nothing new is recorded."""
    return _of_rule(facts, "not-recording")


def collector_behind(facts: HealthFacts) -> Iterable[HealthFinding]:
    """What is seen is of some time ago."""
    return _of_rule(facts, "collector-behind")


def events_off(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Workers run tasks and tell of none."""
    return _of_rule(facts, "events-off")


def events_missed(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Events could not be read, or stored."""
    return _of_rule(facts, "events-missed")


def store_damaged(facts: HealthFacts) -> Iterable[HealthFinding]:
    """A part of the history cannot be read."""
    return _of_rule(facts, "store-damaged")


def history_gap(facts: HealthFacts) -> Iterable[HealthFinding]:
    """Events may have passed unseen."""
    gaps = [each for each in facts.gaps if each.end >= facts.since]
    missed_s = covered_s(gaps)
    if missed_s < GAP_MIN_S:
        return
    causes = list(dict.fromkeys(CAUSES[each.cause] for each in gaps))
    last = max(each.end for each in gaps)
    yield finding(
        "history-gap",
        "",
        "notice",
        f"About {span(missed_s)} of events may be missing, until {span(facts.now - last)} ago: "
        f"{names(causes)}.",
        why="Tasks of that time may be missing, or still be shown in a state that they have left.",
        since=min(each.start for each in gaps),
        action=link("What to do", "docs/health#history-gap"),
    )


def store_near_its_bound(facts: HealthFacts) -> Iterable[HealthFinding]:
    """The oldest tasks will go before their time, or the disk is nearly full."""
    yield from _disk(facts)
    found = facts.storage
    age_s = facts.now - found.oldest if found.oldest is not None else 0.0
    wanted_s = found.bounds.max_age_s
    if wanted_s is not None and age_s >= wanted_s * NEAR_BOUND:
        return  # Time is what removes tasks, as it was meant.
    uses = [
        (found.size_bytes, found.bounds.max_bytes, _bytes, "retention.max_size"),
        (found.tasks, found.bounds.max_tasks, "{:,} tasks".format, "retention.max_tasks"),
    ]
    for used, bound, words, setting in uses:
        if bound is not None and used >= bound * threshold(
            facts, "store-near-its-bound", setting, NEAR_BOUND
        ):
            meant = "" if wanted_s is None else f" instead of {span(wanted_s)}"
            yield finding(
                "store-near-its-bound",
                setting,
                "notice",
                f"The history has {words(used)} of the {words(bound)} that it may have "
                f"({setting}), so that it goes back {span(age_s)}{meant}.",
                why="The oldest tasks are removed to make room for new ones, before their time.",
                action=link("What to do", "docs/health#store-near-its-bound"),
            )


def _disk(facts: HealthFacts) -> Iterable[HealthFinding]:
    free, whole = facts.storage.free_bytes, facts.storage.disk_bytes
    if free is None or not whole:
        return
    is_open = finding_id("store-near-its-bound", "disk") in facts.open
    limit = DISK_FREE / (OVER_BELOW if is_open else 1.0)
    # What the history may still grow by matters more than a part of a large disk.
    bound = facts.storage.bounds.max_bytes
    grows = None if bound is None else max(0, bound - facts.storage.size_bytes)
    if free >= whole * limit or (grows is not None and free > 2 * grows > 0):
        return
    yield finding(
        "store-near-its-bound",
        "disk",
        "critical" if free < whole * DISK_FREE_GRAVE else "warning",
        f"The disk of the history has {_bytes(free)} free of {_bytes(whole)}.",
        why="Recording stops when the disk is full, and goes on when there is room.",
        action=link("What to do", "docs/health#store-near-its-bound"),
    )


def _bytes(count: int) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e3:,.0f} kB"


def ledger_unread(error: StoreError) -> HealthFinding:
    """Who may do what, what is paused, and every rule of alerts stand in a file that cannot be
    read."""
    return finding(
        "store-damaged",
        "ledger",
        "critical",
        str(error),
        why="Nobody can act or log in anew, no alert is judged, and what is paused or muted is not "
        "shown.",
        action=_HELP,
    )
