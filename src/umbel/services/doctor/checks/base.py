"""What checks have in common: findings of health as answers, and settings that workers told."""

from __future__ import annotations

from typing import Any, Final

from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, Verdict, conf, shown, unknown
from umbel.services.health.health_finding import HealthFinding

#: What a check says that needs answers of workers, where nobody could be asked: why stands in one.
UNREACHED: Final = unknown(
    "The workers could not be asked.", "The check of remote control says why."
)
#: What is said where no worker told its configuration.
_ASK: str = "Start a worker that answers remote control (not `--pool solo` while it works)."


def found_by(facts: DoctorFacts, *rules: str) -> tuple[HealthFinding, ...]:
    """What these rules of health find now."""
    return tuple(each for each in facts.findings if each.rule in rules)


def of_health(
    found: tuple[HealthFinding, ...], *, fix: DoctorFix | None = None, cannot: str = ""
) -> CheckAnswer:
    """The answer of findings: the gravest is the sentence, the others are its evidence."""
    first, *others = found
    verdict: Verdict = "advice" if first.severity == "notice" else "fault"
    return CheckAnswer(
        verdict=verdict,
        finding=first.sentence,
        evidence=shown([each.sentence for each in others]),
        why=first.why,
        fix=fix or DoctorFix(action=first.action),
        cannot=cannot,
    )


def ungathered() -> CheckAnswer:
    """The answer where no finding says anything yet, since what findings are made of takes long."""
    return unknown("The cluster was not looked at in time.", "Look again in a moment.")


def unasked(facts: DoctorFacts) -> CheckAnswer | None:
    """The answer where no worker told its configuration; None where one did."""
    if facts.workers.confs:
        return None
    if facts.workers.trouble:
        return UNREACHED
    return unknown("No worker told its configuration.", _ASK)


def settings(facts: DoctorFacts, name: str, usual: Any = None) -> dict[str, Any]:
    """What each worker that answered has for a setting."""
    return {worker: each.get(name, usual) for worker, each in facts.workers.confs.items()}


def having(facts: DoctorFacts, name: str, *values: Any, usual: Any = None) -> list[str]:
    """The workers whose setting has one of these values."""
    return [worker for worker, one in settings(facts, name, usual).items() if one in values]


def number_of(value: Any) -> float | None:
    """A setting that is a number; what is masked, or else something, is None."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def fix_conf(**lines: str) -> DoctorFix:
    """`app.conf.NAME = VALUE` for each."""
    return conf("\n".join(f"app.conf.{name} = {value}" for name, value in lines.items()))
