"""`umbel health`: what is wrong with the cluster, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from umbel.cli import printing
from umbel.cli.codes import DONE, FAILED, PARTLY
from umbel.cli.next_step import offered
from umbel.cli.source import ClusterOptions, with_each_cluster
from umbel.errors import UmbelError

if TYPE_CHECKING:
    from umbel.services.health.health_finding import HealthFinding
    from umbel.services.health.health_findings import HealthAnswer


@click.command(short_help="Say what is wrong with the cluster.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON for programs.")
@with_each_cluster
def health(clusters: Sequence[ClusterOptions], as_json: bool) -> int:
    """Say what is wrong with the cluster, worst first, why it matters, and where to read what to
    do; of several clusters of each, unless one is named. Ends with 0 if nothing is (notices
    aside), 4 on warnings, or where that could not be known, 1 if anything is critical, or a
    cluster cannot be looked at; of several the worst. What somebody muted does not count."""
    if len(clusters) == 1:
        return _one(clusters[0], as_json=as_json)
    return _several(clusters, as_json=as_json)


def _one(where: ClusterOptions, *, as_json: bool) -> int:
    import msgspec

    with where.opened() as source:
        found = source.health()
    if as_json:
        printing.put_json(msgspec.to_builtins(found))
    else:
        for line in lines(found):
            printing.say(line)
    return code(found)


def _several(clusters: Sequence[ClusterOptions], *, as_json: bool) -> int:
    import msgspec

    answers: dict[str, HealthAnswer] = {}
    errors: dict[str, str] = {}
    for where in clusters:
        try:
            with where.opened() as source:
                found = answers[where.cluster] = source.health()
            text = lines(found)
        except UmbelError as error:
            errors[where.cluster] = str(error)
            text = [f"error: {error}"]
        if not as_json:
            printing.say(f"{where.cluster}:")
            for line in text:
                printing.say(f"  {line}")
    if as_json:
        printing.put_json({"clusters": msgspec.to_builtins(answers), "errors": errors})
    return FAILED if errors else worst([code(found) for found in answers.values()])


def worst(codes: Sequence[int]) -> int:
    """The exit code of several clusters by those of each."""
    return max(codes, key=(DONE, PARTLY, FAILED).index)


def code(found: HealthAnswer) -> int:
    """The exit code."""
    open_ones = {each.severity for each in found.findings if each.muted is None}
    if "critical" in open_ones:
        return FAILED
    is_unsure = found.well is None and "notice" not in open_ones
    return PARTLY if "warning" in open_ones or is_unsure else DONE


def lines(found: HealthAnswer) -> list[str]:
    """What is printed."""
    if found.well is not None:
        head = [found.well]
    elif any(each.muted is None for each in found.findings):
        head = []
    else:
        head = ["Nothing wrong was found, and not everything could be looked at."]
    more = [f"{found.more:,} more are not listed."] if found.more else []
    return [*head, *(line for each in found.findings for line in _finding(each)), *more,
            *(f"unknown: {each}" for each in found.unknown)]  # fmt: skip


def _finding(each: HealthFinding) -> list[str]:
    if each.muted is not None:
        until = printing.clock(each.muted.until)
        return [f"muted by {each.muted.by} until {until}: {each.sentence}"]
    page = each.docs.removeprefix("docs/").replace("#", ".md#")
    lines = (f"{each.severity}: {each.sentence}", f"  {each.why} (docs/{page})")
    return [*lines, *offered(each.action)]
