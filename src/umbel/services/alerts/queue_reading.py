"""What samples tell of one queue, as the reading that a rule is judged by.

The mean over a window is that of its samples. Where a large part of it was not sampled (no server
ran, or the queue is new), a mean is not known, but it is no less than if there had been nothing in
that part: what is above its limit even so is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import fmean

from umbel.query.describe import spoken_duration
from umbel.services.alerts.condition import QueueThreshold
from umbel.services.alerts.judge import MISSED_MAX, AlertReading, crosses
from umbel.services.alerts.links import link_of_queue


def queue_reading(
    condition: QueueThreshold,
    queue: str,
    sampled: Mapping[float, float | None],
    now: float,
    fresh_s: float,
    step_s: float,
) -> AlertReading:
    """`sampled` is the measure (None: nobody could say it) by the end of its step of `step_s`, in
    Unix seconds, oldest first, within the window of the rule. A sample counts for `fresh_s`."""
    link = link_of_queue(queue, now)
    if max(sampled, default=0.0) < now - fresh_s:
        why = f"Queue {queue} was not seen in the last samples."
        return AlertReading(subject=queue, why=why, link=link)
    given = [each for each in sampled.values() if each is not None]
    if not given or (not condition.window_s and [*sampled.values()][-1] is None):
        why = f"Nobody could say the {condition.measure} of queue {queue}."
        return AlertReading(subject=queue, why=why, link=link)
    if not condition.window_s:
        return AlertReading(subject=queue, value=given[-1], link=link)
    value, window_s = fmean(given), condition.window_s
    missed = _unsampled_s(sampled, now - window_s, fresh_s + step_s) / window_s
    if missed <= MISSED_MAX:
        return AlertReading(subject=queue, value=value, link=link)
    least = value * (1 - missed)
    if condition.operator in {">", ">="} and crosses(condition, least):
        return AlertReading(subject=queue, value=least, link=link)
    began = min(sampled)
    if began > now - window_s + fresh_s:
        since = spoken_duration(max(1.0, round(now - began)))
        window = spoken_duration(window_s)
        why = f"Queue {queue} was sampled for {since}, and the rule asks about {window}."
        return AlertReading(subject=queue, why=why, a_while=True, link=link)
    why = f"In {missed * 100:.0f} % of that time queue {queue} was not sampled."
    return AlertReading(subject=queue, why=why, link=link)


def _unsampled_s(times: Iterable[float], since: float, counts_s: float) -> float:
    """How much of the time from `since` to the last sample none counts for, of which each does for
    so many seconds."""
    found, before = 0.0, since
    for at in times:
        found += max(0.0, at - before - counts_s)
        before = max(before, at)
    return found
