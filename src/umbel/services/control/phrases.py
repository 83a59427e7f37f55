"""Words that plans and reports share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: How many different reasons are told apart.
SENTENCES_MAX: Final = 20
OTHERS: Final = "Other reasons."
#: An answer that is longer is cut.
ANSWER_MAX: Final = 300
#: And so is the name of a task in a sentence.
NAME_MAX: Final = 100

REMEMBERED: Final = 50_000
REVOCATIONS: Final = (
    "Revocations live in the workers' memory (50,000 ids, 3 hours) and end with a worker's restart."
)

#: (imperative, what is going on, what was done), for sentences about tasks.
VERBS: Final[dict[str, tuple[str, str, str]]] = {
    "revoke": ("Revoke", "Revoking", "Told the workers to revoke"),
    "terminate": ("Terminate", "Terminating", "Told the workers to terminate"),
    "abort": ("Abort", "Aborting", "Marked as aborted:"),
    "retry": ("Send again", "Sending again", "Sent again:"),
}


def counted(number: int, noun: str) -> str:
    """`1 task`, `2,000 tasks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def verb(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a, b and 5 more`."""
    if len(names) <= most:
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def cut(text: str, most: int = ANSWER_MAX) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def answer_text(value: object) -> str | None:
    """A worker's own words in its answer, which Celery wraps as `{"ok": words}`."""
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    return None if value is None else cut(str(value))


def count_sentence(counts: dict[str, int], sentence: str, number: int = 1) -> None:
    """Count a sentence; after `SENTENCES_MAX` different ones, others are counted together."""
    if sentence not in counts and len(counts) >= SENTENCES_MAX:
        sentence = OTHERS
    counts[sentence] = counts.get(sentence, 0) + number
