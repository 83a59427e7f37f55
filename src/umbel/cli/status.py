"""`umbel status`: whether what is seen is live, and what is wrong, for people and for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from umbel.cli import printing
from umbel.cli.codes import DONE, FAILED, PARTLY
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.cluster.control_traffic import ControlTraffic
    from umbel.python.sources import Source
    from umbel.services.health.health import Status
    from umbel.services.samples.sampling import Sampling
    from umbel.store.base import CollectorStatus, HealingStatus, StreamStatus

_CODES: Final = {"live": DONE, "partial": PARTLY, "behind": PARTLY, "blind": FAILED}


@click.command(short_help="Say whether what is seen is live.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON for programs.")
@with_source
def status(source: Source, as_json: bool) -> int:
    """Say whether the history is live, what is wrong and what to do about it. Ends with 0 if it
    is live, 4 if it is behind or lacks a part of what happens, 1 if nothing new is recorded."""
    import msgspec

    found = source.status()
    if as_json:
        printing.put_json(msgspec.to_builtins(found))
    else:
        for line in _lines(found):
            printing.say(line)
    return _CODES[found.live.state]


def _lines(found: Status) -> list[str]:
    troubles = [
        f"  {each.severity}: {each.sentence} {each.remedy}".rstrip() for each in found.live.troubles
    ]
    # The sentence repeats what stands alone below it.
    head = found.live.state if troubles else f"{found.live.state}: {found.live.sentence}"
    stored = f"history: {found.store.tasks:,} tasks, {found.store.size_bytes / 1e6:,.1f} MB"
    collectors = [_collector(each) for each in found.collectors if each.ended is None]
    healing = [
        line for each in found.collectors if each.ended is None for line in _healing(each.healing)
    ]
    streams = [
        line for each in found.collectors if each.ended is None for line in _stream(each.stream)
    ]
    return [
        *(head, *troubles, stored, *collectors, *streams, *healing),
        *samples_lines(found.samples),
        *_control(found.control),
    ]


def _control(found: ControlTraffic | None) -> list[str]:
    """Nothing where nobody was asked or told."""
    if found is None or not (found.questions or found.commands):
        return []
    return [
        f"workers: {found.questions:,} questions in the last minute (at most "
        f"{found.questions_max:,}), {found.commands:,} commands"
    ]


def _stream(found: StreamStatus | None) -> list[str]:
    """Nothing where the broker keeps no stream."""
    if found is None:
        return []
    read = f"{found.behind:,} messages to be read" if found.behind else "read to its end"
    others = "" if found.is_whole else "; not everybody who sends events writes it"
    return [f"stream {found.key}: {read}{others}"]


def _healing(found: HealingStatus | None) -> list[str]:
    """Nothing where nobody had to be asked."""
    if found is None or not (found.lookups or found.questions or found.trouble):
        return []
    line = (
        f"healing: {found.healed:,} healed, {found.unknown:,} unknown, {found.waiting:,} in doubt; "
        f"{found.rate:,.1f} look-ups/s"
    )
    searching = [", listing what is kept"] if found.searching else []
    return [line + "".join(searching), *([f"healing: {found.trouble}"] if found.trouble else [])]


def samples_lines(found: Sampling | None) -> list[str]:
    """Nothing of a server that takes none, or has not taken one yet."""
    if found is not None and found.trouble is not None:
        return [f"samples: {found.trouble}"]
    if found is None or found.at is None or found.took_s is None:
        return []
    return [
        f"samples: every {found.period_s:g} s of {found.queues:,} queues and {found.workers:,} "
        f"workers, in {found.took_s * 1e3:,.0f} ms"
    ]


def _collector(each: CollectorStatus) -> str:
    return (
        f"collector {each.collector}: {each.broker}, {each.broker_url}, {each.rate:,.1f} events/s, "
        f"{each.lag_s:.1f} s behind, {each.lost:,} events lost"
    )
