"""Can results be read, and are they enough to send a task again exactly?"""

from __future__ import annotations

from typing import Final

from umbel.services.doctor.checks.base import (
    fix_conf,
    having,
    number_of,
    settings,
    unasked,
)
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shown, well
from umbel.services.phrases import names, span

#: What Celery keeps results for unless told otherwise, seconds.
EXPIRES_S: Final = 86_400.0
#: Results that are gone sooner are gone before anybody looks, seconds.
SHORT_S: Final = 3_600.0


def result_backend(facts: DoctorFacts) -> CheckAnswer:
    """Umbel can read results: for pages, for exact retries, and for healing."""
    found = facts.results
    workers = {str(one) for one in settings(facts, "result_backend").values() if one}
    told = [f"Workers keep results in {each}." for each in sorted(workers)]
    if not found.trouble:
        ignoring = having(facts, "task_ignore_result", True)
        cannot = ""
        if ignoring:
            cannot = (
                f"{names(ignoring)} keep no results by default (task_ignore_result), so the end of "
                "a task whose events were missed cannot be asked for there."
            )
        return well("Results can be read.", evidence=[found.url, *told], cannot=cannot)
    if not workers and facts.workers.confs:
        return CheckAnswer(
            verdict="advice",
            finding="Workers keep no results.",
            evidence=(found.trouble,),
            why="What tasks returned is known from events alone, which cut it; the end of a task "
            "whose events were missed cannot be asked for; a cut argument cannot be made whole.",
            fix=fix_conf(result_backend='"redis://HOST/1"', result_extended="True"),
        )
    return CheckAnswer(
        verdict="fault" if workers else "advice",
        finding="Umbel cannot read results.",
        evidence=shown([found.trouble, *told]),
        why="Pages show no results, retries take arguments from cut texts, and what was missed on "
        "Redis cannot be healed from results.",
        fix=DoctorFix(
            text="umbel serve -A yourapp.celery  # or: --result-backend URL", where="a shell"
        ),
    )


def result_extended(facts: DoctorFacts) -> CheckAnswer:
    """Results hold arguments, so that a retry is exact."""
    if (answer := unasked(facts)) is not None:
        return answer
    plain = having(facts, "result_extended", False, None)
    without = having(facts, "result_backend", None, "", "disabled://")
    plain = [worker for worker in plain if worker not in without]
    if not plain:
        return well("Results hold names and arguments (result_extended), where there are results.")
    return CheckAnswer(
        verdict="advice",
        finding="Results do not hold the arguments of tasks.",
        evidence=(f"result_extended is off on {names(plain)}.",),
        why="Events cut long arguments, and a cut argument is never sent again silently: such a "
        "task can only be retried after somebody has typed what is missing.",
        fix=fix_conf(result_extended="True"),
    )


def result_expiry(facts: DoctorFacts) -> CheckAnswer:
    """Results are kept until somebody looks, and not for ever."""
    if (answer := unasked(facts)) is not None:
        return answer
    told = settings(facts, "result_expires", EXPIRES_S)
    found = {worker: number_of(one) for worker, one in told.items()}
    short = [worker for worker, one in found.items() if one is not None and 0 < one < SHORT_S]
    ever = [worker for worker, one in told.items() if one is None or one == 0]
    if short:
        least = min(one for one in found.values() if one)
        return CheckAnswer(
            verdict="advice",
            finding=f"Results are gone after {span(least)}.",
            evidence=(f"So on {names(short)}.",),
            why="After that a retry has only the texts of events, and what was missed cannot be "
            "healed from results.",
            fix=fix_conf(result_expires="86400"),
        )
    if ever:
        return CheckAnswer(
            verdict="advice",
            finding="Results are kept for ever.",
            evidence=(f"result_expires is off on {names(ever)}.",),
            why="The backend grows until it is full; on Redis that stops the broker beside it.",
            fix=fix_conf(result_expires="86400"),
        )
    known = [one for one in found.values() if one is not None]
    after = f" after {span(min(known))}" if known else ""
    return well(f"Results expire{after}.")
