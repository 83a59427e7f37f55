"""`umbel queue show NAME`: one queue, who takes how much of it, and what came in and left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import click

from umbel.cli import printing
from umbel.cli.source import with_source
from umbel.cli.time_span import span_options

if TYPE_CHECKING:
    from umbel.python.sources import Source
    from umbel.services.cluster.dead_letters import DeadLetters
    from umbel.services.cluster.queue_consumers import QueueConsumer
    from umbel.services.cluster.queue_declared import DeclaredQueue
    from umbel.services.cluster.queue_profile import QueueProfile
    from umbel.services.cluster.queue_rates import QueueRates

_CONSUMERS: Final = ("worker", "running", "reserved", "scheduled", "prefetch", "pool")
_FLAGS: Final = ("durable", "exclusive", "auto_delete")


@click.command(name="show", short_help="Show one queue.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@span_options("1h")
@with_source
def show(
    source: Source, name: str, as_json: bool, since: float | None, until: float | None
) -> None:
    """Show the queue NAME: how full it is and where that goes, what came in and left since then,
    which workers take how much of it, what it was declared with, and where its dead letters go."""
    import msgspec

    found, rates = source.queue(name), source.queue_rates(name, since, until)
    if as_json:
        printing.put_json({**msgspec.to_builtins(found), "rates": msgspec.to_builtins(rates)})
        return
    for title, text in (*_figures(found), *_rates(rates), *_described(found)):
        printing.say(f"{title:<16}{text}")
    rows = ({"worker": each.worker, **_counts(each)} for each in found.consuming or ())
    printing.print_table(rows, _CONSUMERS)
    for sentence in filter(None, (found.trouble, found.unsampled, rates.unknown)):
        printing.say(sentence, err=True)


def _figures(found: QueueProfile) -> Iterator[tuple[str, str]]:
    yield "broker", found.broker
    if found.paused is not None:
        why = f": {found.paused.reason}" if found.paused.reason else ""
        yield "paused", f"by {found.paused.by} since {printing.clock(found.paused.since)}{why}"
    yield "waiting", f"{_number(found.ready)}{_trend(found)}"
    if found.ready:
        yield "oldest", _seconds(found.oldest_s)
    yield "unacknowledged", _number(found.unacknowledged)
    yield "wait, 95 of 100", _seconds(found.wait_p95_s)
    if any(found.priorities.values()):
        steps = ", ".join(f"{step}: {count}" for step, count in sorted(found.priorities.items()))
        yield "by priority", steps
    elif found.priorities_unknown:
        yield "by priority", found.priorities_unknown
    if not found.consuming:
        nobody = printing.nobody_of(found.missing)
        yield "consumed by", "?" if found.consuming is None else nobody


def _trend(found: QueueProfile) -> str:
    empty = "" if found.drain_s is None else f", empty in {_seconds(found.drain_s)}"
    return "" if found.trend in (None, "steady") else f", {found.trend}{empty}"


def _rates(rates: QueueRates) -> Iterator[tuple[str, str]]:
    yield "came in", _number(rates.came_in)
    last = next((each for each in reversed(rates.buckets) if each.in_per_min is not None), None)
    if last is not None:
        out = "?" if last.out_per_min is None else f"{last.out_per_min:g}"
        yield "of late", f"{last.in_per_min:g} a minute in, {out} out"


def _described(found: QueueProfile) -> Iterator[tuple[str, str]]:
    if found.declared is not None:
        yield "declared", ", ".join(_declared(found.declared)) or "plainly"
    if found.dead_letters is not None:
        yield "dead letters", _letters(found.dead_letters)
    if found.dead_letters_of:
        yield "dead letters of", ", ".join(found.dead_letters_of)


def _declared(declared: DeclaredQueue) -> Iterable[str]:
    yield from (name.replace("_", "-") for name in _FLAGS if getattr(declared, name))
    yield from (f"{name}: {value}" for name, value in declared.arguments.items())
    if declared.policy is not None:
        yield f"policy {declared.policy}"
    yield from (f"{name}: {value}" for name, value in declared.policy_arguments.items())


def _letters(letters: DeadLetters) -> str:
    where = letters.exchange or "the broker's own"
    queues = ", ".join(f"{each.name} ({_number(each.ready)} wait)" for each in letters.queues)
    parts = (f"by the exchange {where}", queues and f"to {queues}", letters.note)
    return "; ".join(filter(None, parts))


def _counts(consumer: QueueConsumer) -> dict[str, str]:
    more = frozenset[str](consumer.at_least)
    return {
        name: _number(getattr(consumer, name)) + ("+" if name in more else "")
        for name in _CONSUMERS[1:]
    }


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _seconds(value: float | None) -> str:
    return "?" if value is None else f"{value:g} s"
