"""Is the broker heard, and what of it cannot be known?"""

from __future__ import annotations

from umbel.services.doctor.checks.base import found_by, of_health
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shown, unknown, well


def broker_heard(facts: DoctorFacts) -> CheckAnswer:
    """Events come, and are stored as fast as they come."""
    found = found_by(facts, "not-recording", "collector-behind")
    if found:
        return of_health(found)
    if facts.status.live.state != "live":
        return unknown(facts.status.live.sentence, "It is looked at again in a moment.")
    rate = sum(each.rate for each in facts.status.collectors)
    return well(f"{facts.broker.transport.capitalize()} is heard, {rate:,.1f} events a second.",
                evidence=[facts.broker.url])  # fmt: skip


def broker_tells(facts: DoctorFacts) -> CheckAnswer:
    """What the broker cannot tell has a column less, and says why."""
    missing = facts.broker.missing
    if not missing:
        return well("The broker tells everything that Umbel can ask of one.")
    is_amqp = facts.broker.transport.startswith(("amqp", "pyamqp"))
    fix = DoctorFix(text='broker_api = "http://USER:PASSWORD@HOST:15672/api/"', where="umbel.toml")
    return CheckAnswer(
        verdict="advice" if is_amqp else "well",
        finding="The broker does not tell everything."
        if is_amqp
        else f"{facts.broker.transport.capitalize()} tells what it can.",
        evidence=shown(sorted(set(missing.values()))),
        why="Depths by priority, unacknowledged messages, consumers and ages of messages come from "
        "RabbitMQ's management API; without it these columns are not there."
        if is_amqp
        else "",
        fix=fix if is_amqp else None,
    )
