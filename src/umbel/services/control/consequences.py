"""Warnings of a plan: what a person should know before an action, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from umbel.cluster.task import ENDED, STARTED, SUCCESS
from umbel.cluster.task import UNKNOWN as UNKNOWN_END
from umbel.services.control.bounds import is_built_in
from umbel.services.control.phrases import REMEMBERED, REVOCATIONS, listed, verb
from umbel.services.control.plan_inputs import UNKNOWN, ClusterFacts, TargetSummary, UnconsumedQueue
from umbel.services.control.types import ActionRequest
from umbel.services.pauses.words import waits_for_resume
from umbel.services.search.doubt import doubt_phrase

#: How many queues a sentence names.
_QUEUES_LISTED: Final = 5
#: What hangs on a task, for people.
_FOLLOWS: Final = {
    "chain": "next steps of a chain", "chord": "a chord", "group": "a group",
    "link": "callbacks", "link_error": "error callbacks",
}  # fmt: skip
#: Celery counts the members of a chord by their ids (`Backend.on_chord_part_return`).
CHORD_STAYS: Final = (
    "A chord counts its members in the result backend, and what is sent again is none of them: "
    "its body stays blocked, also when this succeeds."
)
#: Signals of which a process of a prefork pool does not end: billiard ignores SIGINT
#: (billiard/pool.py, `Worker.after_fork`), Python SIGPIPE and SIGXFSZ, the system the others.
IGNORED_SIGNALS: Final = frozenset(
    {"SIGINT", "SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"}
)
_BY_ACTION: Final = {
    "pool_restart": "Workers restart their pool only with the setting worker_pool_restarts. "
    "A process is replaced when it has ended its next task.",
    "autoscale": "Only workers that were started with --autoscale can do this.",
    "add_consumer": "A worker forgets this queue when it is restarted.",
    "cancel_consumer": "A worker that is restarted consumes the queue again, if it is "
    "configured to.",
    "enable_events": "Workers send no events again after a restart, unless they are started "
    "with -E or worker_send_task_events.",
    "disable_events": "Tasks of these workers will no longer be seen here until events are "
    "enabled again. Celery keeps workers sending that were started with -E or "
    "worker_send_task_events; restart those without it.",
    "pool_grow": "A worker that is restarted has its configured number again.",
    "pool_shrink": "A worker that is restarted has its configured number again.",
    "rate_limit": "The limit holds for each worker by itself, and until it is restarted.",
}


def of_tasks(
    request: ActionRequest, count: int, found: TargetSummary, facts: ClusterFacts
) -> tuple[str, ...]:
    """Of an action on `count` tasks, those that are left out not counted."""
    running, unknown = found.by_state.get(STARTED, 0), found.by_state.get(UNKNOWN, 0)
    sentences: list[str] = []
    if count and not found.complete:
        sentences.append(
            "Not all that match were counted in time: there may be many more than these, and "
            "it is done to all of them."
        )
    if request.action == "revoke":
        sentences += _of_revoking(count, running, found)
        sentences += _unheard(facts.silent)
    elif request.action == "terminate":
        sentences += _of_terminating(request, count, running, found, facts)
    elif request.action == "abort":
        sentences.append(
            "Only tasks that ask whether they were aborted (`AbortableTask.is_aborted`) end; "
            "others go on."
        )
    elif count:
        sentences += _of_repeating(found, facts)
    if unknown and request.action != "retry":  # which leaves out those of which nothing is known
        sentences.append(
            f"Nothing was ever heard of {unknown:,} of these; "
            f"{verb(unknown, 'its id is', 'their ids are')} used as given."
        )
    return tuple(sentences)


def _of_revoking(count: int, running: int, found: TargetSummary) -> list[str]:
    sentences = _lost(found)
    running = max(0, running - sum(found.doubted.values()))
    if running:
        sentences.append(
            f"{running:,} of these {verb(running, 'runs', 'run')} now and will go on: "
            "revoking keeps tasks from beginning. Terminate to end what runs."
        )
    sentences.append(REVOCATIONS)
    if count > REMEMBERED:
        sentences.append(
            f"These are more ids than workers remember: the first {count - REMEMBERED:,} will be "
            "forgotten, and run. Purge the queue instead, or stop those who send."
        )
    return sentences


def _of_terminating(
    request: ActionRequest, count: int, running: int, found: TargetSummary, facts: ClusterFacts
) -> list[str]:
    sentences = _lost(found)
    running = max(0, running - sum(found.doubted.values()))
    if running and request.signal in IGNORED_SIGNALS:
        sentences.append(
            f"{running:,} of these {verb(running, 'runs', 'run')} now and will go on in prefork "
            f"pools, whose processes ignore {request.signal}, though their workers tell at once "
            "that they revoked them. SIGTERM or SIGKILL ends them."
        )
        sentences.append("Workers with a solo or thread pool cannot terminate tasks.")
    elif running:
        sentences.append(
            f"{running:,} of these {verb(running, 'runs', 'run')} now and will be terminated "
            f"with {request.signal}, wherever {verb(running, 'it stands', 'they stand')}."
        )
        sentences.append("Workers with a solo or thread pool cannot terminate tasks.")
    waiting = count - found.by_state.get(STARTED, 0)
    if waiting > 0:
        sentences.append(f"{waiting:,} {verb(waiting, 'has', 'have')} not begun.")
        sentences.append(REVOCATIONS)
    silent = [name for name in sorted(found.running_on) if name not in facts.live]
    if silent:
        sentences.append(f"Nothing is heard of {listed(silent)}, where some of these began.")
    if waiting > 0:
        sentences += _unheard([name for name in facts.silent if name not in silent])
    return sentences


def _of_repeating(found: TargetSummary, facts: ClusterFacts) -> list[str]:
    sentences = []
    over = {*ENDED, UNKNOWN, UNKNOWN_END}
    sent = Counter(found.by_state) - Counter(found.left_out)
    open_ = sum(number for state, number in sent.items() if state not in over)
    done, unknown = sent[SUCCESS], sent[UNKNOWN_END]
    doubted = sum(found.doubted.values())
    sentences += _doubted(found)
    if open_ > doubted:
        sentences.append(
            f"{open_ - doubted:,} of these {verb(open_ - doubted, 'has', 'have')} not ended: done "
            "twice."
        )
    if unknown:
        sentences.append(
            f"How {unknown:,} of these ended, if at all, nobody knows: what did run is done twice."
        )
    if done:
        sentences.append(f"{done:,} of these succeeded before.")
    if found.repeated:
        sentences.append(f"{found.repeated:,} of these {verb(found.repeated, 'was', 'were')} sent "
                    "again already.")  # fmt: skip
    if found.maybe_repeated:
        sentences.append(
            f"{found.maybe_repeated:,} of these may have been sent again: it is under way, or was "
            "cut off before it was known whether the broker has it."
        )
    if found.fidelity.get("literal"):
        sentences.append(
            f"{found.fidelity['literal']:,} {verb(found.fidelity['literal'], 'has its', 'have')} "
            "arguments read from the texts that events carry."
        )
    if found.fidelity.get("edited"):
        sentences.append("The arguments given here are sent instead of those of before.")
    sentences += _of_queueless(found, facts)
    sentences += _of_names(found, facts)
    sentences += [waits_for_resume(each) for each in facts.paused]
    sentences += [_nobody_consumes(each) for each in facts.unconsumed]
    sentences += _of_what_is_left_behind(found)
    if found.looked_at < found.total or not found.complete:
        sentences.append(
            f"The arguments of {found.looked_at:,} were looked at so far; of the others, what "
            "cannot be sent again is left out and reported."
        )
    return sentences


def _lost(found: TargetSummary) -> list[str]:
    """The same, of what is to be stopped."""
    return [
        f"{number:,} of these {doubt_phrase(why, number)}: whether {verb(number, 'it', 'they')} "
        f"still {verb(number, 'runs', 'run')} or {verb(number, 'waits', 'wait')} is not known."
        for why, number in found.doubted.items()
        if why != "expired"
    ]


def _doubted(found: TargetSummary) -> list[str]:
    """What may not wait or run any more, though events say so."""
    sentences = []
    for why, number in found.doubted.items():
        if why == "expired":
            sentences.append(
                f"{number:,} of these expired before any worker told of running "
                f"{verb(number, 'it', 'them')}."
            )
        else:
            sentences.append(
                f"{number:,} of these {doubt_phrase(why, number)}: whether "
                f"{verb(number, 'it', 'they')} ended is not known. What did is done twice."
            )
    return sentences


def _of_queueless(found: TargetSummary, facts: ClusterFacts) -> list[str]:
    """Where tasks go whose own queue no event told."""
    number = sum(found.queueless.values())
    if not number:
        return []
    they, queues = verb(number, "it", "they"), listed(facts.destinations, _QUEUES_LISTED)
    where = (
        f"to {queues}, as the routes or the default queue that Umbel knows say"
        if queues
        else "to where the application or its default says"
    )
    return [
        f"The queue of {number:,} is not known: {they} will be sent {where}. Give a queue if "
        f"{they} {verb(number, 'belongs', 'belong')} elsewhere."
    ]


def _of_names(found: TargetSummary, facts: ClusterFacts) -> list[str]:
    """Names that nobody has, and names that events do not tell."""
    if not found.names:
        return []
    sentences = []
    if found.shadows:
        sentences.append(
            f"Events call {found.shadows:,} of these by another name (a shadow); "
            f"{verb(found.shadows, 'it is', 'they are')} sent by the true one: "
            f"{listed(sorted(found.names))}."
        )
    if facts.names is None:
        sentences.append(
            "No worker said in time which tasks it has, so whether any has these is not known."
        )
        return sentences
    unknown = {
        name: number for name, number in found.names.items()
        if name not in facts.names and not is_built_in(name)
    }  # fmt: skip
    if unknown:
        number = sum(unknown.values())
        sentences.append(
            f"No live worker registers {listed(sorted(unknown))}: a worker that gets "
            f"{verb(number, 'this task', 'such a task')} discards it."
        )
    return sentences


def _nobody_consumes(queue: UnconsumedQueue) -> str:
    waiting = "" if queue.ready is None else f" ({queue.ready:,} waiting)"
    if queue.silent:
        return (
            f"No worker that answers consumes the queue {queue.name}{waiting}; "
            f"{listed(queue.silent)} did not say."
        )
    return (
        f"Nobody consumes the queue {queue.name}{waiting}: what is sent there waits until "
        "somebody does."
    )


def _of_what_is_left_behind(found: TargetSummary) -> list[str]:
    """What hung on the tasks, and is not sent again."""
    sentences = []
    if found.of_workflow:
        one = verb(found.of_workflow, "belongs", "belong")
        follow_ups = [_FOLLOWS[each] for each in found.follows]
        named = f" ({listed(follow_ups, len(follow_ups))})" if follow_ups else ""
        sentences.append(
            f"{found.of_workflow:,} of these {one} to a workflow{named}: it does not go on "
            "with what is sent again, so steps that waited for "
            f"{verb(found.of_workflow, 'this one', 'these')} stay undone. Send them by hand, or "
            "start the workflow anew."
        )
        if "chord" in found.follows:
            sentences.append(CHORD_STAYS)
    if found.of_going_workflow:
        number = found.of_going_workflow
        sentences.append(
            f"{number:,} of these {verb(number, 'belongs', 'belong')} to a workflow that goes on "
            f"with {verb(number, 'the task', 'the tasks')} of before: nothing of it follows what "
            "is sent again."
        )
    if found.unread:
        sentences.append(
            "Each is sent alone, with its name, arguments and queue. Events do not tell callbacks, "
            "next steps of a chain, headers, priority, expiry, time limits and ignore_result, so "
            "none of them is sent again; those that you give are."
        )
    elif found.names:
        sentences.append(
            "Priority, headers, limits, ignore_result and an expiry that is still to come are "
            "those of the queued messages. Callbacks, next steps, stamps and the time at which "
            "one was to begin (ETA) are not sent again: what waited for its time may begin at once."
        )
    return sentences


def _unheard(workers: Sequence[str]) -> list[str]:
    if not workers:
        return []
    return [f"Nothing is heard of {listed(workers)} now, so no answer may come from there."]


def _nobody_else_consumes(queues: Sequence[UnconsumedQueue]) -> list[str]:
    def named(each: UnconsumedQueue) -> str:
        waiting = "number waiting not known" if each.ready is None else f"{each.ready:,} waiting"
        return f"{each.name} ({waiting})"

    sure = [named(each) for each in queues if not each.silent]
    unsure = [each for each in queues if each.silent]
    sentences = [f"Nobody else consumes {listed(sure, _QUEUES_LISTED)}."] if sure else []
    if unsure:
        silent = sorted({name for each in unsure for name in each.silent})
        sentences.append(
            "No other worker that answers consumes "
            f"{listed([*map(named, unsure)], _QUEUES_LISTED)}; {listed(silent)} did not say."
        )
    return sentences


def _emptied(number: int, facts: ClusterFacts) -> list[str]:
    """Workers whose pools would have no process left."""
    pools = [
        f"{worker} ({there:,} {verb(there, 'process', 'processes')})"
        for worker, there in sorted(facts.processes.items())
        if there <= number
    ]
    if not pools:
        return []
    it = verb(len(pools), "it goes", "they go")
    return [
        f"No process that is idle would be left at {listed(pools)}: {it} on fetching tasks, and "
        f"{verb(len(pools), 'runs', 'run')} none of them until the pool grows."
    ]


def of_workers(request: ActionRequest, facts: ClusterFacts) -> tuple[str, ...]:
    """Of an action on workers, or on a task name at workers."""
    sentences = [_BY_ACTION[request.action]] if request.action in _BY_ACTION else []
    if request.action == "shutdown":
        sentences.append(
            "Workers finish what they run, then end. Whether something starts them again is "
            "not Umbel's to know."
        )
    if facts.declaration is not None and facts.declaration.differences:
        sentences.append(
            f"The queue {request.queue} is there with {listed(facts.declaration.differences, 8)}; "
            "the workers are told, since one that declares it otherwise ends. Workers that have "
            "the queue in their own task_queues, or that set task_queue_max_priority, declare it "
            "as those say."
        )
    sentences += _nobody_else_consumes(facts.unconsumed)
    if facts.not_consuming:
        do = verb(len(facts.not_consuming), "does", "do")
        sentences.append(
            f"{listed(facts.not_consuming)} {do} not consume the queue {request.queue}: nothing "
            "changes there, whatever the answer is."
        )
    sentences += _emptied(request.n, facts)
    if not request.workers and request.action != "ping":
        sentences.append("No worker is named, so every worker that listens does this.")
    if request.action == "time_limit":
        lifted = [k for k, v in (("soft", request.soft), ("hard", request.hard)) if v is None]
        sentences += [
            f"No {kind} limit is given, so there will be none but the pool's, where it has one."
            for kind in lifted
        ]
        # celery/worker/request.py (5.7): limits are read when a worker begins to consume.
        sentences.append(
            "Workers confirm at once, but Celery 5 applies the limits only when a worker next "
            "connects to the broker. They end with its restart, and hold on prefork pools only."
        )
    if request.action == "rate_limit" and (request.rate or "").partition("/")[0].strip("0.") == "":
        sentences.append("A rate of 0 lifts the limit.")
    sentences += _unheard([name for name in request.workers if name not in facts.live])
    if not request.workers:
        sentences += _unheard(facts.silent)
    return tuple(sentences)
