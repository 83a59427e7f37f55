"""`umbel route NAME`: where would this task go, and does anybody run it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from umbel.cli import printing
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from umbel.python.sources import Source


@click.command(short_help="Say where a task would go.")
@click.argument("name")
@click.option("-q", "--queue", help="The queue that its sender names.  [default: none]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_source
def route(source: Source, name: str, queue: str | None, as_json: bool) -> int:
    """Say to which queue a task called NAME would go by the application's routes, who consumes
    that, and who has registered the name. Exits with 4 where something stands in its way, such as a
    pause."""
    import msgspec

    found = source.route(name, queue)
    if as_json:
        printing.put_json(msgspec.to_builtins(found))
        return 4 if found.warnings else 0
    for title, text in (
        ("queue", "?" if found.queue is None else found.queue),
        ("exchange", "?" if found.exchange is None else found.exchange or "(the broker's own)"),
        ("routing key", "?" if found.routing_key is None else found.routing_key),
        ("consumed by", _names(found.workers, found.missing)),
        ("registered at", _names(found.registered, found.missing)),
    ):
        printing.say(f"{title:<15}{text}")
    for sentence in found.warnings:
        printing.say(sentence, err=True)
    return 4 if found.warnings else 0


def _names(workers: tuple[str, ...] | None, missing: tuple[str, ...]) -> str:
    return "?" if workers is None else ", ".join(workers) or printing.nobody_of(missing)
