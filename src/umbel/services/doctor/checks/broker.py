"""Is the broker heard, and what of it cannot be known?"""

from __future__ import annotations

from umbel.services.doctor.checks.base import found_by, of_health
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shown, unknown, well
from umbel.services.phrases import number


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


def broker_memory(facts: DoctorFacts) -> CheckAnswer:
    """The broker throws no messages away when its memory is full."""
    if not facts.broker.transport.startswith("redis"):
        return well("This broker removes no messages to make room.")
    memory = facts.broker.memory
    if memory is None:
        return unknown(
            "Redis does not tell how it makes room.", "Its user has to be permitted INFO (+info)."
        )
    if memory.limit_bytes is None:
        return well("Redis has no limit of memory (maxmemory) at which it would remove messages.")
    limit = f"maxmemory is {memory.limit_bytes / 2**20:,.0f} MiB"
    evidence = [f"maxmemory-policy is {memory.policy}, {limit}."]
    fix = DoctorFix(
        text="redis-cli CONFIG SET maxmemory-policy noeviction  # and in redis.conf",
        where="a shell",
    )
    removed = f"{number(memory.evicted, 'key')} since it was started"
    if memory.policy.startswith("allkeys"):
        return CheckAnswer(
            verdict="fault",
            finding=f"Redis removes messages to make room: {removed}."
            if memory.evicted
            else "Redis will remove messages when its memory is full.",
            evidence=shown(evidence),
            why="A queue is a key as any other: it goes with all tasks that wait in it, and so "
            "does what workers hold. Nobody is told of it, and Umbel sees tasks that never begin.",
            fix=fix,
            cannot="Which keys were removed: Redis counts those of all its databases.",
        )
    if memory.policy.startswith("volatile") and memory.evicted:
        return CheckAnswer(
            verdict="advice",
            finding=f"Redis removes what expires to make room: {removed}.",
            evidence=shown(evidence),
            why="Queues do not expire, results do: if they are in the same Redis, they are gone "
            "before somebody fetched them.",
            fix=fix,
            cannot="Which keys were removed: Redis counts those of all its databases.",
        )
    return well(f"Redis removes no messages to make room ({memory.policy}, {limit}).")


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
