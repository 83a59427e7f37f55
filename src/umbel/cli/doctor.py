"""`umbel doctor`: whether all that Umbel and a cluster need of each other is as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from umbel.cli import printing
from umbel.cli.codes import DONE, FAILED, PARTLY
from umbel.cli.next_step import offered
from umbel.cli.source import with_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from umbel.python.sources import Source
    from umbel.services.doctor.doctor import DoctorAnswer
    from umbel.services.doctor.item import DoctorItem


@click.command(short_help="Say what is not set up as it should be, and how to mend it.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON for programs.")
@click.option("--report", is_flag=True, help="As Markdown, to send to somebody; secrets masked.")
@click.option("--all", "with_well", is_flag=True, help="Also what is well.")
@with_source
def doctor(source: Source, as_json: bool, report: bool, with_well: bool) -> int:
    """Look at broker, events, results, delivery, workers, queues and this server: what is not as
    it should be, worst first, why it matters, and what to write where. Ends with 0 if nothing is
    (advice aside), 4 where something could not be looked at, 1 if anything is at fault. What
    somebody muted does not count."""
    import msgspec

    if as_json and report:
        raise click.UsageError("Either --json or --report.")
    found = source.doctor()
    if report:
        printing.put(source.doctor_report().rstrip())
    elif as_json:
        printing.put_json(msgspec.to_builtins(found))
    else:
        for line in lines(found, with_well=with_well):
            printing.say(line)
    return code(found)


def code(found: DoctorAnswer) -> int:
    """The exit code."""
    if found.faults:
        return FAILED
    return PARTLY if found.unknown else DONE


def lines(found: DoctorAnswer, *, with_well: bool) -> Iterator[str]:
    """What is printed."""
    well = [each for each in found.items if each.verdict == "well"]
    for each in found.items:
        if each.verdict != "well":
            yield from _item(each)
    if with_well:
        for each in well:
            yield f"well: {each.subject}: {each.finding}"
    elif well:
        yield f"{len(well)} checks found all well (--all lists them)."


def _item(item: DoctorItem) -> Iterator[str]:
    if item.muted is not None:
        until = printing.clock(item.muted.until)
        yield f"muted by {item.muted.by} until {until}: {item.subject}: {item.finding}"
        return
    word = "not known" if item.verdict == "unknown" else item.verdict
    yield f"{word}: {item.subject}: {item.finding}"
    yield from (f"  - {each}" for each in item.evidence)
    if item.why:
        yield f"  {item.why}"
    if item.fix is not None and item.fix.text:
        yield f"  In {item.fix.where}:"
        yield from (f"    {line}" for line in item.fix.text.splitlines())
    if item.fix is not None and item.fix.action is not None:
        yield from offered(item.fix.action)
    if item.cannot:
        yield f"  Not known: {item.cannot}"
