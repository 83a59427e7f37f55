"""One function a route: parameters in, answer out. They know services and no HTTP; each
blocks, and is called in a thread."""

from __future__ import annotations

import msgspec

from umbel.clock import Clock
from umbel.services.cluster.listed_workers import Crew
from umbel.services.health.diagnosis import Diagnosis, diagnose
from umbel.services.health.health import Health, Status
from umbel.services.health.liveness import uncovered
from umbel.services.levers import Levers
from umbel.services.live.hub import Hub
from umbel.services.search.incomplete import Span
from umbel.services.search.intents import Intents
from umbel.services.search.page_bytes import cut_rows, fitting
from umbel.services.search.rows import WholeTask
from umbel.services.search.search import Found, Reading, Search
from umbel.store.base import Store
from umbel.web import requests, responses
from umbel.web.http.problems import Refusal

#: The most gaps, and the most losses, that one answer tells.
GAPS_MAX = 1_000
#: The most ids that one request may name.
IDS_MAX = 200


class Services(msgspec.Struct, frozen=True):
    """What handlers work with."""

    store: Store
    clock: Clock
    search: Search
    health: Health
    hub: Hub
    intents: Intents
    levers: Levers
    crew: Crew


def list_tasks(
    services: Services, asked: requests.ListTasks, waited_s: float
) -> responses.TaskPage:
    if asked.ids is not None:
        found = services.search.by_ids(_ids(asked.ids), asked.q, asked.tz)
    else:
        found = _page(services, asked, asked.limit, waited_s)
    rows = services.intents.rows(found.page.items)
    if asked.texts == "whole" and asked.ids is None:
        fit = fitting(rows)
        if fit < len(rows):
            found = _page(services, asked, fit, waited_s)
            rows = services.intents.rows(found.page.items)
    else:
        rows = cut_rows(rows)
    return responses.TaskPage(
        items=rows,
        next=found.page.cursor,
        complete=found.page.complete,
        reached=found.page.reached,
        sentence=found.sentence,
        seq=found.seq,
        incomplete=found.incomplete,
    )


def _page(services: Services, asked: requests.ListTasks, limit: int, waited_s: float) -> Found:
    return services.search.page(
        asked.q, asked.order, asked.cursor, limit, tz=asked.tz, waited_s=waited_s
    )


def _ids(text: str) -> list[str]:
    ids = list(dict.fromkeys(part for part in text.split(",") if part))
    if len(ids) > IDS_MAX:
        raise Refusal(
            "bad-parameter",
            f"The parameter ids takes up to {IDS_MAX} ids, not {len(ids):,}. Ask in parts.",
            parameter="ids",
        )
    return ids


def count_tasks(services: Services, asked: requests.CountTasks, waited_s: float) -> responses.Count:
    count = services.search.count(
        asked.q, by=asked.by, cap=asked.cap, tz=asked.tz, waited_s=waited_s
    )
    return responses.Count(
        total=count.total,
        capped=count.capped,
        complete=count.complete,
        groups=count.groups,
        groups_complete=count.groups_complete,
        incomplete=services.search.incomplete(asked.q, tz=asked.tz),
    )


def one_task(services: Services, asked: requests.OneTask) -> WholeTask:
    task = services.store.task(asked.id)
    if task is None:
        raise Refusal(
            "unknown-task",
            f"No task with the id {asked.id} is stored. It may have sent no event yet, or be "
            "older than what is kept.",
        )
    return services.intents.whole(task, services.store)


def read_query(services: Services, asked: requests.ReadQuery) -> Reading:
    return services.search.read(asked.q, asked.tz)


def suggest(services: Services, asked: requests.Suggest) -> responses.Completions:
    at = len(asked.q) if asked.at is None else min(asked.at, len(asked.q))
    return responses.Completions(services.search.suggest(asked.q, at, asked.limit))


def read_series(services: Services, asked: requests.ReadSeries) -> responses.Series:
    end = services.clock.now() if asked.end is None else asked.end
    start = end - 3_600 if asked.start is None else asked.start
    if start >= end:
        raise Refusal("bad-parameter", "The parameter from must lie before to.", parameter="from")
    series = services.search.series(
        asked.q, measure=asked.measure, start=start, end=end, bucket_s=asked.bucket, tz=asked.tz
    )
    incomplete = services.search.incomplete(asked.q, Span(start, end), asked.tz)
    return responses.Series(series.measure, series.bucket_s, series.buckets, incomplete)


def list_gaps(services: Services, asked: requests.ListGaps) -> responses.Gaps:
    gaps = services.store.gaps(asked.start, asked.end)
    gaps = tuple(uncovered(gaps, services.store.collectors(), services.clock.now()))
    losses = services.store.losses(asked.start, asked.end)
    more = max(0, len(gaps) - GAPS_MAX) + max(0, len(losses) - GAPS_MAX)
    return responses.Gaps(gaps=gaps[-GAPS_MAX:], losses=losses[-GAPS_MAX:], more=more)


def one_workflow(services: Services, asked: requests.OneWorkflow) -> responses.Workflow:
    workflow = services.store.workflow(asked.root_id)
    return responses.Workflow(
        root_id=workflow.root_id,
        tasks=cut_rows(services.intents.rows(workflow.tasks)),
        complete=workflow.complete,
    )


def list_workers(services: Services, _: requests.Nothing) -> responses.Workers:
    now = services.clock.now()
    return responses.Workers(items=services.crew.rows(now), now=now)


def read_status(services: Services, _: requests.Nothing) -> Status:
    return services.health.status()


def read_diagnosis(services: Services, _: requests.Nothing) -> Diagnosis:
    return diagnose(services.store, services.health, services.crew, services.clock)


def livez(_: Services, __: requests.Nothing) -> str:
    return "ok"
