"""What the doctor says as Markdown, to be copied into an issue or a chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from umbel.secret_scrubbing import scrub
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import DoctorItem

_WORDS: Final = {"fault": "Fault", "advice": "Advice", "unknown": "Not known", "well": "Well"}


def report_of(items: Sequence[DoctorItem], facts: DoctorFacts) -> str:
    """One section for what is not well, and a line for each of the others."""
    at = datetime.fromtimestamp(facts.now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [f"# Umbel's doctor, {at}", "", _software(facts), ""]
    for each in items:
        if each.verdict != "well":
            lines += _section(each)
    lines += ["## Well", ""]
    lines += [f"- {each.subject}: {each.finding}" for each in items if each.verdict == "well"]
    return scrub("\n".join(lines)) + "\n"


def _software(facts: DoctorFacts) -> str:
    found = facts.diagnosis.versions
    installed = [f"{name} {version}" for name, version in found.libraries.items() if version]
    here = ", ".join([f"Umbel {found.umbel}", f"Python {found.python}", *installed])
    return f"{here}; broker {facts.broker.transport}."


def _section(item: DoctorItem) -> Iterator[str]:
    yield f"## {_WORDS[item.verdict]}: {item.subject}"
    yield ""
    yield item.finding
    for each in item.evidence:
        yield f"- {each}"
    if item.muted is not None:
        yield f"- Muted by {item.muted.by}: {item.muted.reason}"
    if item.cannot:
        yield f"- Not known: {item.cannot}"
    yield ""
