"""Whether what people see is live: one rule, in one place.

The judgement (`judge`) is a pure function of what is known (`Evidence`). "Live" is earned: a
connected collector is not enough. It is said only while workers that run tasks also tell of
them, while what comes is recognised and read, while nobody takes a part of it away, and while
every part of the store is there. Otherwise the history is `partial`: new things come, but not
all of them; `blind`: nothing new is recorded; or `behind`: all comes, and late.

Several collectors back each other up: one that is fresh and connected is enough, the quickest
one says how far behind, and a gap counts only where no other collector was connected through it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from umbel.clock import AHEAD_S
from umbel.services.health import findings
from umbel.services.health.findings import SEVERITIES, Kind, Severity, Trouble
from umbel.services.phrases import span
from umbel.store.base import CollectorStatus, DamagedPart, KeptGap

#: A collector that has not reported for this long is taken for dead, seconds.
REPORT_DUE_S: Final = 5.0
#: A collector that began no longer ago is only about to connect, seconds.
STARTING_FOR_S: Final = 15.0
#: Lag up to this is called live, seconds.
BEHIND_AFTER_S: Final = 2.0
#: Gaps that ended within this are told with the status, seconds; lists mark them for ever.
GAPS_SHOWN_S: Final = 600.0
#: So many events a minute that cannot be read, and one in so many, leave holes.
MANY_FAULTS: Final = 10
FAULTY_ONE_IN: Final = 100
#: Workers that answer when asked have sent something within this, seconds; most tell of
#: themselves every two.
EVENT_DUE_S: Final = 60.0

State = Literal["live", "partial", "behind", "blind"]


class Liveness(msgspec.Struct, frozen=True):
    """`live`; `partial` (new things come, but not all); `behind` (by `lag_s` seconds); or
    `blind`, in a sentence for a person. `troubles` are all that is wrong, the gravest first."""

    state: State
    lag_s: float | None
    sentence: str
    troubles: tuple[Trouble, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at `now` (Unix seconds). `supervised` is why the watched collector process
    does not run or cannot store, if so; `gaps` are those of late; `answered` is when workers
    last answered a question, and `heartless` are those of which events came and never a
    heartbeat (`--without-heartbeat`): while idle they have nothing to tell. `processed` is how
    many tasks workers say that they have run, where task events are off; `offers_events`: people
    may have them switched on from here."""

    now: float
    collectors: tuple[CollectorStatus, ...] = ()
    supervised: str | None = None
    damaged: tuple[DamagedPart, ...] = ()
    gaps: tuple[KeptGap, ...] = ()
    answered: Mapping[str, float] = {}
    heartless: frozenset[str] = frozenset()
    processed: Mapping[str, int] = {}
    offers_events: bool = True


def judge(evidence: Evidence) -> Liveness:
    """How current, and how whole, the history is."""
    working = _working(evidence)
    if isinstance(working, Trouble):
        found = [working, *_damaged(evidence)]
        return Liveness("blind", None, working.sentence, _sorted(found))
    lag_s = min(c.lag_s for c in working)
    found = [*_deafness(evidence, working), *_damaged(evidence), *_incomplete(evidence, working)]
    if lag_s > BEHIND_AFTER_S:
        waiting = min(c.stream.behind if c.stream is not None else 0 for c in working)
        found.append(findings.behind(lag_s, waiting))
    found += _missing(evidence)
    return _liveness(_sorted(found), lag_s)


def _liveness(found: tuple[Trouble, ...], lag_s: float) -> Liveness:
    grave = [each for each in found if each.severity != "notice"]
    kinds = {each.kind: each for each in grave}
    if "deaf" in kinds:
        return Liveness("blind", None, kinds["deaf"].sentence, found)
    first = kinds.get("behind") or (grave[0] if grave else None)
    begin = first.sentence if first is not None else "What you see is live."
    notices = [each.sentence for each in found if each.severity == "notice"]
    state: State = "live" if first is None else "behind" if "behind" in kinds else "partial"
    return Liveness(state, lag_s, " ".join([begin, *notices]), found)


def _sorted(found: Sequence[Trouble]) -> tuple[Trouble, ...]:
    def weight(each: Trouble) -> tuple[int, bool]:
        return SEVERITIES.index(each.severity), each.kind != "behind"

    return tuple(sorted(found, key=weight))


# -- blind ---------------------------------------------------------------------------------


def _working(evidence: Evidence) -> list[CollectorStatus] | Trouble:
    """The collectors that record now; or why there is none."""
    since = blind_since(evidence.collectors, evidence.now)
    now_reporting = fresh(evidence.collectors, evidence.now)
    if not now_reporting:
        return findings.blind(_silence(evidence), since)
    connected = [c for c in now_reporting if c.broker == "connected"]
    if not connected:
        foreign = max(c.foreign_consumers for c in now_reporting)
        kind: Kind = "foreign_consumer" if foreign else "blind"
        return findings.blind(_disconnection(now_reporting, evidence.now), since, kind)
    storing = [c for c in connected if not c.trouble]
    if not storing:
        # Connected, so what troubles it is the store, and `lag_s` says only since when.
        return findings.blind(_newest(connected).trouble or "", since)
    return storing


def fresh(collectors: Sequence[CollectorStatus], now: float) -> list[CollectorStatus]:
    """Those that report now, and have not ended."""
    return [c for c in heard_of_late(collectors, now) if c.ended is None]


def heard_of_late(collectors: Sequence[CollectorStatus], now: float) -> list[CollectorStatus]:
    """Those that reported just now, though they may have ended since."""
    # A report from far ahead is one from before the clock was set back.
    return [c for c in collectors if abs(now - c.at) <= REPORT_DUE_S]


def recording(collectors: Sequence[CollectorStatus], now: float) -> list[CollectorStatus]:
    """Those that hear the broker and store what it says, now."""
    return [c for c in fresh(collectors, now) if c.broker == "connected" and not c.trouble]


def blind_since(collectors: Sequence[CollectorStatus], now: float) -> float | None:
    """Since when (Unix seconds) nothing is recorded; None while something is, and where
    nothing ever was."""
    if recording(collectors, now):
        return None
    ends = []
    for each in collectors:
        if each.broker != "connected" and each.cut_off_since is not None:
            ends.append(each.cut_off_since)
        elif each.trouble and each.broker == "connected":
            ends.append(each.at - each.lag_s)
        elif each.broker == "connected":
            ends.append(min(each.at, now))
    return max(ends, default=None)


def _newest(collectors: Sequence[CollectorStatus]) -> CollectorStatus:
    return max(collectors, key=lambda c: c.at)


def _silence(evidence: Evidence) -> str:
    if evidence.supervised:
        return evidence.supervised
    if not evidence.collectors:
        return (
            "No collector has reported yet, so nothing is recorded. "
            "It starts with `umbel serve`, or run `umbel collect`."
        )
    last = _newest(evidence.collectors)
    since = span(evidence.now - last.at)
    what = f"No collector has reported for {since}"
    if last.ended is not None:
        what = f"The collector {last.collector} ended {since} ago"
    return (
        f"{what}, so nothing new is recorded. "
        "Restart `umbel serve` or `umbel collect`; its log says why it stopped."
    )


def _disconnection(reporting: Sequence[CollectorStatus], now: float) -> str:
    newest = _newest(reporting)
    if newest.trouble:
        return newest.trouble
    if 0 <= now - newest.started < STARTING_FOR_S:
        return findings.STARTING
    return f"The collector is not connected to the broker at {newest.broker_url} yet."


# -- partial -------------------------------------------------------------------------------


def _deafness(evidence: Evidence, working: Sequence[CollectorStatus]) -> list[Trouble]:
    """Connected, and yet nothing is heard of those who are there. What comes and cannot be
    read is another trouble."""
    if any(_weight_of_faults(each) == "error" for each in working):
        return []
    heard = heard_at(working)
    late = overdue(heard, evidence.answered, evidence.now)
    workers = sorted(set(late) - evidence.heartless)
    return [findings.unheard(workers, evidence.now - heard, heard)] if workers else []


def heard_at(working: Sequence[CollectorStatus]) -> float:
    """When the last event came (Unix seconds), or could have come first."""
    return max((c.heard_at or c.connected_since or c.started) for c in working)


def overdue(heard: float, answered: Mapping[str, float], now: float) -> list[str]:
    """Workers that answered long enough after the last event that one should have come. What lies
    ahead of `now` is of before the clock was set back."""
    return [worker for worker, at in answered.items() if heard + EVENT_DUE_S < at <= now + AHEAD_S]


def _damaged(evidence: Evidence) -> list[Trouble]:
    return [findings.damaged(each.sentence, each.remedy, each.since) for each in evidence.damaged]


def _incomplete(evidence: Evidence, working: Sequence[CollectorStatus]) -> list[Trouble]:
    """What is taken away, not told, or not read of what happens now. What one collector does
    not get another may, so the best one counts."""
    mute = events_off(working)
    found = (
        [findings.events_off(mute, evidence.processed, offered=evidence.offers_events)]
        if mute
        else []
    )
    faulty = min(working, key=lambda c: sum(c.recent_faults.values()))
    if faulty.recent_faults:
        severity = _weight_of_faults(faulty)
        found.append(findings.discarded(faulty.recent_faults, severity, faulty.faulty_since))
    least = min(working, key=lambda c: c.recent_shed)
    if least.recent_shed:
        found.append(findings.shed(least.recent_shed, least.recent_shed_kinds))
    return found


def _weight_of_faults(collector: CollectorStatus) -> Severity:
    """Some events that cannot be read are a notice; many leave holes; all are deafness."""
    faults, events = sum(collector.recent_faults.values()), collector.recent_events
    if faults >= MANY_FAULTS and not events:
        return "error"
    return "warning" if faults >= MANY_FAULTS and faults * FAULTY_ONE_IN >= events else "notice"


def events_off(working: Sequence[CollectorStatus]) -> dict[str, float]:
    """Workers of which every collector says that they count tasks and tell of none."""
    alike = Counter(worker for c in working for worker in c.mute)
    return {
        worker: max(c.mute[worker] for c in working)
        for worker, count in alike.items()
        if count == len(working)
    }


# -- what is missing -----------------------------------------------------------------------


def _missing(evidence: Evidence) -> list[Trouble]:
    late = [gap for gap in evidence.gaps if evidence.now - gap.end <= GAPS_SHOWN_S]
    gaps = uncovered(late, evidence.collectors, evidence.now)
    return [findings.missing(gaps, evidence.now)] if gaps else []


def uncovered(
    gaps: Sequence[KeptGap], collectors: Sequence[CollectorStatus], now: float
) -> list[KeptGap]:
    """The gaps that no other collector saw through: one that was connected all the time."""
    reporting = [c for c in fresh(collectors, now) if c.broker == "connected"]
    return [gap for gap in gaps if not any(_covers(c, gap) for c in reporting)]


def _covers(collector: CollectorStatus, gap: KeptGap) -> bool:
    return collector.collector != gap.collector and listened_through(collector, gap.start, gap.end)


def listened_through(collector: CollectorStatus, start: float, end: float) -> bool:
    """Whether the collector, which is connected, was so from `start` to `end` (Unix seconds)."""
    since = collector.started if collector.reconnections else collector.connected_since
    return (
        since is not None
        and since <= start
        and not any(begun < end and ended > start for begun, ended in collector.gaps)
    )
