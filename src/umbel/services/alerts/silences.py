"""Silences and maintenance windows: while one holds, nobody is sent anything of what it is about.
When it is over, what still fires is told, and what ended meanwhile to whoever was told before."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused, AlertUnknown, ZoneUnknown
from umbel.query.globbing import glob
from umbel.services.alerts.alert_rules import AlertRules
from umbel.services.alerts.maintenance_windows import REPEATS_S, holds, occurrence
from umbel.services.alerts.rows import ListedSilence, NewSilence
from umbel.services.deed import deed_of
from umbel.services.phrases import span
from umbel.services.time_zones import zone_of
from umbel.store.alerts import Silence
from umbel.store.ledger import Ledger

#: The longest that something is silent, and the latest that it begins, seconds.
SILENT_MAX_S: Final = 366 * 86_400.0
SILENCE, UNSILENCE = "silence-alerts", "unsilence-alerts"


class Silences:
    """Asks and writes the ledger; see `Alerts` for threads and errors."""

    def __init__(self, ledger: Ledger, clock: Clock, rules: AlertRules) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rules = rules

    def list(self) -> tuple[ListedSilence, ...]:
        """Those that hold, the first that ends first, then those that come, the next first."""
        now = self._clock.now()
        names = {each.id: each.name for each in self._rules.all()}
        found = [
            _listed(each, names.get(each.rule, ""), now) for each in self._ledger.silences(now)
        ]
        return tuple(sorted((each for each in found if each is not None), key=_soonest))

    def begin(self, wanted: NewSilence, actor: Actor) -> ListedSilence:
        """Send nobody anything for a while. Raises `ActionRefused`, `AlertUnknown`."""
        now = self._clock.now()
        made = Silence(
            id=secrets.token_hex(6),
            rule=wanted.rule,
            subject=wanted.subject or "*",
            start=now if wanted.start is None else wanted.start,
            until=wanted.until,
            actor=actor.name,
            reason=wanted.reason,
            repeat_s=wanted.repeat_s,
            last=wanted.last,
            zone=wanted.zone,
        )
        _check(made, now)
        name = self._rules.one(made.rule).name if made.rule else ""
        listed = _listed(made, name, now)
        if listed is None:
            raise _refused("Its last time is over already.", "last")
        about = f"the rule {visible(name)}" if name else "all rules"
        subject = "" if made.subject == "*" else f" of {visible(made.subject)}"
        target = f"{about}{subject} for {span(made.until - made.start)}{_again(made)}"
        self._record(actor, SILENCE, target, wanted.reason)
        self._ledger.keep_silence(made, now)
        return listed

    def end(self, silence_id: str, actor: Actor) -> str:
        """End a silence. Raises `AlertUnknown`."""
        found = self._ledger.silences(self._clock.now())
        silence = next((each for each in found if each.id == silence_id), None)
        if silence is None:
            raise AlertUnknown(
                f"There is no silence {silence_id[:80]}.",
                remedy="GET /api/v1/alerts and umbel alerts silences list what there is.",
            )
        self._record(actor, UNSILENCE, f"the silence {silence_id}", silence.reason)
        self._ledger.drop_silence(silence_id)
        return silence_id

    def _record(self, actor: Actor, action: str, target: str, reason: str) -> None:
        self._ledger.record(deed_of(actor, action, target, self._clock.now(), reason=reason))


def silence_of(silences: Iterable[Silence], rule_id: str, subject: str) -> str | None:
    """The id of a silence that is about a rule and a subject."""
    for each in silences:
        if each.rule in {"", rule_id} and glob(each.subject or "*")(subject):
            return each.id
    return None


def is_of_all(silence: Silence) -> bool:
    """Whether it is about every rule, and all that each is about."""
    return silence.rule == "" and silence.subject == "*"


def _soonest(silence: ListedSilence) -> tuple[bool, float]:
    return not silence.holds, silence.next_until if silence.holds else silence.next_start


def _check(silence: Silence, now: float) -> None:
    start, until, repeat_s = silence.start, silence.until, silence.repeat_s
    is_long = until - start > SILENT_MAX_S or start > now + SILENT_MAX_S
    if start >= until or is_long or (repeat_s is None and until <= now):
        raise _refused("A silence ends after it begins, within a year from now.", "until")
    try:
        zone_of(silence.zone)
    except ZoneUnknown as error:
        raise _refused(str(error), "zone") from None
    if repeat_s is None:
        if silence.last is not None:
            raise _refused("Only what comes again has a last time; it ends at `until`.", "last")
        return
    if silence.last is not None and silence.last <= start:
        raise _refused("Its last time is over before it begins.", "last")
    if repeat_s not in REPEATS_S:
        raise _refused("A window comes again after a day or a week.", "repeat_s")
    if until - start > repeat_s:
        raise _refused("A window is over before it comes again.", "until")


def _again(silence: Silence) -> str:
    if silence.repeat_s is None:
        return ""
    return f", every {'day' if silence.repeat_s == REPEATS_S[0] else 'week'} ({silence.zone})"


def _listed(silence: Silence, name: str, now: float) -> ListedSilence | None:
    """With when it holds now or next; None where it never does again."""
    found = occurrence(silence, now)
    if found is None:
        return None
    return ListedSilence(
        **msgspec.structs.asdict(silence),
        name=name,
        holds=holds(silence, now),
        next_start=found.start,
        next_until=found.until,
    )


def _refused(message: str, field: str) -> ActionRefused:
    return ActionRefused(message, field=field)
