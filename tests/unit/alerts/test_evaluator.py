"""Rules are judged over a real store and ledger, and messages reach a real receiver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.world import SAYS, collector
from tests.contract.stories import WORKER, failed, heartbeat, succeeded, uuid_of
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from tests.support.receivers import HttpReceiver, http_receiver
from tests.support.waiting import wait_until
from tests.unit.control.scene import actor
from umbel.cluster.events import Event
from umbel.cluster.worker import Worker
from umbel.notify.base import NotifierConfig
from umbel.notify.opening import open_notifiers
from umbel.services.alerts.condition import DailyDeadline
from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.evaluator import SUBJECTS_MAX
from umbel.services.alerts.options import AlertOptions
from umbel.services.alerts.rows import NewSilence
from umbel.services.alerts.task_readings import deadline_of
from umbel.services.alerts.watch import AlertWatch
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.services.health.findings import STARTING
from umbel.services.worker_clocks import ahead_of_workers_s
from umbel.store.alerts import AlertNotice, NewRule
from umbel.store.base import KeptGap
from umbel.store.memory_samples import MemorySamples
from umbel.store.opening import open_ledger, open_store

NOW = 1_795_344_000.0 + 37 * 60


class Watched:
    """A cluster whose time stands, with one server that judges its rules."""

    def __init__(
        self,
        folder: Path,
        receiver: HttpReceiver,
        *,
        workers: bool = True,
        supervised: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.has_workers = workers
        self.supervised = supervised
        self.clock = SetClock(NOW)
        self.store = open_store(folder, write=True)
        self.ledger = open_ledger(str(folder))
        self.samples = MemorySamples()
        worker = MemoryWorker(WORKER)
        worker.says = dict(SAYS)
        self.cluster = MemoryCluster(worker)
        self.receiver = receiver
        self.alive()
        self.services = self.server()
        self.alerts = self.services.alerts

    def server(self) -> ClusterServices:
        """Another server over the same ledger."""
        config = NotifierConfig(name="hook", kind="webhook", url=self.receiver.url)
        options = AlertOptions(
            notifiers=open_notifiers([config], self.clock), configs=(config,), every_s=10.0,
            address="https://umbel.example.com",
        )  # fmt: skip
        return make_services(
            self.store, self.ledger, self.cluster, MemoryResults(), self.clock, label="Shop",
            samples=self.samples, sample_every_s=10.0, alerts=options,
            supervised=self.supervised,
        )  # fmt: skip

    def alive(self, **given: Any) -> None:
        now = self.clock.now()
        if self.has_workers:
            self.store.apply([heartbeat(WORKER, now - 1, processed=5)])
        since = NOW - 9 * 86_400
        report = {"started": since, "at": now, "heard_at": now, "connected_since": since, **given}
        self.store.report(collector(**report))

    def add(self, condition: str, **given: Any) -> str:
        wanted = NewRule(**{"name": "Rule", "condition": condition, "notify": ("hook",)} | given)
        return self.alerts.rules.add(wanted, actor()).rule.id

    def change(self, rule: str, condition: str) -> None:
        wanted = NewRule(name="Rule", condition=condition, notify=("hook",))
        changed = self.alerts.rules.one(rule).changed
        self.alerts.rules.change(rule, wanted, actor(), changed=changed)

    def later(self, seconds: float, **given: Any) -> None:
        """Time passes, and all rules are judged and messages delivered."""
        self.clock.time += seconds
        self.alive(**given)
        self.turn(self.services)

    def turn(self, services: ClusterServices) -> None:
        watch = watch_of(services)
        watch.judge()
        watch.deliver()

    def fail(self, count: int, first: int = 0, name: str = "shop.charge") -> None:
        at = self.clock.now() - 30
        events: list[Event] = []
        for number in range(first, first + count):
            events += failed(uuid_of(number), at, name=name)
        self.store.apply(events)

    def sent(self) -> list[tuple[str, str]]:
        return [(each.json["kind"], each.json["title"]) for each in self.receiver.received]

    def close(self) -> None:
        self.services.close()


def watch_of(services: ClusterServices) -> AlertWatch:
    assert services.alert_watch is not None
    return services.alert_watch


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with http_receiver() as receiver:
        made = Watched(tmp_path, receiver)
        yield made
        made.close()


def answer_of(watched: Watched) -> tuple[str, str]:
    (listed,) = watched.alerts.rules.list().items
    assert listed.answer is not None
    return listed.answer.answer, listed.answer.sentence


def test_a_message_leads_to_the_tasks_that_were_counted(watched: Watched) -> None:
    """By when they ended, and no others, also where the search is of this or that."""
    now = watched.clock.now()
    long_ago = [*failed(uuid_of(90), now - 9_000, name="shop.charge")]
    hours_long = [
        event
        for number in range(4)
        for event in failed(uuid_of(number), now - 7_230, name="shop.charge", runtime=7_200)
    ]
    watched.store.apply([*long_ago, *hours_long])
    search = "name:shop.charge OR name:shop.refund"
    watched.add(f"failures of {search} > 3 over 5 min")
    watched.add(f"failure rate of {search} > 5 % over 5 min", name="Share")
    watched.add(f"runtime of {search} > 1 h over 5 min", name="Long")
    watched.later(0)

    links = [each.json["link"] for each in watched.receiver.received]
    assert len(links) == 3
    for link in links:
        (text,) = parse_qs(urlsplit(link).query)["q"]
        page = watched.services.search.page(text, "-seen", None, 10)
        assert {each.uuid for each in page.items} == {uuid_of(number) for number in range(4)}


def test_what_fires_is_told_once_and_told_when_it_is_over(watched: Watched) -> None:
    watched.add("failures of name:shop.* > 3 over 5 min", severity="critical")
    watched.later(0)
    assert watched.sent() == []

    watched.fail(5)
    watched.later(10)
    watched.later(10)

    (alert,) = watched.alerts.now().firing
    assert (alert.value, alert.severity) == (5.0, "critical")
    assert watched.sent() == [("fired", "[critical] Rule fires (Shop)")]
    message = watched.receiver.received[0].json
    assert message["text"].splitlines()[0] == (
        "5 tasks whose name begins with shop. failed over the last 5 min."
    )
    assert message["link"].startswith("https://umbel.example.com/tasks?q=name%3Ashop.")
    assert message["name"] == "Rule"

    watched.later(900)
    watched.later(70)
    assert watched.sent()[1:] == [("resolved", "[critical] Rule is resolved (Shop)")]
    assert watched.alerts.now().firing == ()
    assert [each.id for each in watched.alerts.history().items] == [alert.id]


def test_blind_is_never_well_and_ends_nothing(watched: Watched) -> None:
    watched.add("failures > 3 over 5 min")
    watched.later(0)
    watched.fail(5)
    watched.later(10)
    assert answer_of(watched)[0] == "firing"

    watched.clock.time += 3_600
    watched.turn(watched.services)  # no collector reports

    assert answer_of(watched)[0] == "cannot be known"
    (alert,) = watched.alerts.now().firing
    assert alert.unknown_since is not None
    assert [kind for kind, _ in watched.sent()] == ["fired"]


def test_behind_is_never_well(watched: Watched) -> None:
    watched.add("failures > 3 over 5 min")
    watched.later(0, lag_s=40.0)

    assert answer_of(watched) == (
        "cannot be known", "The history is 40 s behind, so what is new is not known.",
    )  # fmt: skip


def test_queues_are_judged_by_samples_and_not_without(watched: Watched) -> None:
    watched.add("depth of queue mail* > 100")
    watched.later(0)
    answer, sentence = answer_of(watched)
    assert answer == "cannot be known"
    assert "not sampled" in sentence

    now = watched.clock.now()
    seen = {"mail": (150.0, 150.0, 0.0, 1.0, 12.0), "mail-2": (5.0, 5.0, 0.0, 1.0, 1.0)}
    watched.samples.keep("queue", now, {**seen, "other": (900.0, 900.0, 0.0, 1.0, 1.0)})
    watched.later(1)

    (alert,) = watched.alerts.now().firing
    assert (alert.subject, alert.sentence) == ("mail", "150 messages wait in queue mail.")
    assert alert.link.startswith("/queues/mail?from=")


def test_a_queue_that_was_deleted_fires_no_more(watched: Watched) -> None:
    """Others are sampled, and it is not among them."""
    watched.add("depth of queue mail > 100")
    watched.add("consumers of queue mail < 1", name="Consumers")
    full, empty = (150.0, 150.0, 0.0, 0.0, 12.0), (0.0, 0.0, 0.0, 1.0, None)
    watched.samples.keep("queue", watched.clock.now(), {"mail": full, "other": empty})
    watched.later(1)
    assert len(watched.alerts.now().firing) == 2

    watched.later(120)  # nothing is sampled
    watched.later(70)
    assert len(watched.alerts.now().firing) == 2

    for _ in range(8):
        watched.samples.keep("queue", watched.clock.now(), {"other": empty})
        watched.later(10)
    assert [each.name for each in watched.alerts.now().firing] == ["Consumers"]


def test_a_rule_over_a_minute_does_not_count_what_failed_before_it(watched: Watched) -> None:
    watched.add("failures of name:shop.* > 10 over 1 min")
    watched.clock.time = NOW - NOW % 60
    for number in range(20):
        watched.fail(2, first=2 * number)
        watched.later(10)

    assert answer_of(watched)[0] == "well"
    assert watched.sent() == []

    watched.fail(9, first=40)
    watched.later(1)
    assert answer_of(watched)[0] == "firing"


def test_a_title_has_the_names_of_what_fires_and_no_ids(watched: Watched) -> None:
    """Also of a queue whose name looks like the words of another rule."""
    watched.add("depth of queue errors* > 100", name="Depth")
    watched.add("finding collector-behind", name="Behind")
    watched.services.health_findings.answer(budget_s=10.0)
    full = (150.0, 150.0, 0.0, 1.0, 12.0)
    watched.samples.keep("queue", watched.clock.now(), {"errors": full, "errors-2": full})
    watched.later(1, lag_s=40.0)

    titles = {title for _, title in watched.sent()}
    assert titles == {
        "[warning] Depth fires: errors and errors-2 (Shop)", "[warning] Behind fires (Shop)",
    }  # fmt: skip


def test_a_mean_over_a_time_is_not_told_of_a_part_of_it(watched: Watched) -> None:
    """Sampled for ten seconds, after an hour in which no server ran."""
    watched.add("depth of queue mail > 100 over 5 min")

    def sampled(depth: float, every_s: float = 10.0, count: int = 1) -> None:
        for _ in range(count):
            full = (depth, depth, 0.0, 1.0, 12.0)
            watched.samples.keep("queue", watched.clock.now(), {"mail": full})
            watched.later(every_s)

    sampled(150.0)
    assert answer_of(watched) == (
        "not yet known", "Queue mail was sampled for 1 s, and the rule asks about 5 min.",
    )  # fmt: skip
    assert watched.sent() == []
    sampled(150.0, count=30)
    assert answer_of(watched)[0] == "firing"

    watched.later(240)
    sampled(1.0)
    assert answer_of(watched)[0] == "cannot be known"
    (alert,) = watched.alerts.now().firing
    assert alert.unknown_since is not None

    watched.later(3_600)
    sampled(900.0)  # above the limit even if it was empty before
    assert watched.alerts.now().firing[0].unknown_since is None


def test_a_worker_that_falls_silent_fires_and_comes_back(watched: Watched) -> None:
    watched.add("any worker silent for 5 min")
    watched.later(0)
    assert answer_of(watched)[0] == "well"
    watched.clock.time += 400
    now = watched.clock.now()
    watched.store.report(
        collector(started=now - 9_000, at=now, heard_at=now, connected_since=now - 9_000)
    )
    watched.turn(watched.services)

    (alert,) = watched.alerts.now().firing
    assert alert.subject == WORKER
    watched.later(10)
    watched.later(70)
    assert [kind for kind, _ in watched.sent()] == ["fired", "resolved"]


def test_a_dead_man_is_heard_of(watched: Watched) -> None:
    watched.add("no success of name:nightly for 1 h")
    at = watched.clock.now() - 1_800
    watched.store.apply(succeeded(uuid_of(1), at, name="nightly"))
    watched.later(0)
    assert answer_of(watched) == (
        "well", "Tasks whose name contains nightly succeeded over the last 1 h.",
    )  # fmt: skip

    watched.later(3_000)

    assert answer_of(watched)[0] == "firing"


def test_an_hour_that_the_clock_leapt_over_is_no_absence(watched: Watched) -> None:
    watched.add("no success of name:nightly for 10 min")
    watched.store.apply(succeeded(uuid_of(1), watched.clock.now() - 30, name="nightly"))
    watched.later(0)

    watched.clock.ahead_s = 3_600.0
    watched.turn(watched.services)
    assert answer_of(watched) == (
        "cannot be known",
        "The clock of this server was set just now, so it is not known how late it all is.",
    )
    watched.later(300)
    assert answer_of(watched)[0] == "cannot be known"
    watched.clock.ahead_s = 0.0
    watched.later(0)
    watched.later(100)
    assert answer_of(watched)[0] == "well"
    assert watched.sent() == []

    watched.later(600)
    assert answer_of(watched)[0] == "firing"


def test_where_most_workers_have_another_time_little_is_known_of_the_last_minutes() -> None:
    late = Worker(hostname="a", heard=1_000.0, heartbeat=1_000.0, skews=((1_000.0, -3_600.0),))
    right = Worker(hostname="b", heard=1_000.0, heartbeat=1_000.0, skews=((1_000.0, 0.2),))

    assert ahead_of_workers_s([late, late, right], 1_001.0) == 3_600.0
    assert ahead_of_workers_s([late, right, right], 1_001.0) == 0.0
    assert ahead_of_workers_s([], 1_001.0) == 0.0


def test_where_nothing_was_measured_no_number_is_told(watched: Watched) -> None:
    watched.add("p95 runtime of name:nightly > 1 s over 10 min")
    watched.later(0)

    assert answer_of(watched) == (
        "well", "None of tasks whose name contains nightly ended over the last 10 min.",
    )  # fmt: skip


def test_before_its_time_of_the_day_a_deadline_says_so(watched: Watched) -> None:
    watched.add("no success of name:report by 23:59")
    watched.later(0)

    assert answer_of(watched) == ("well", "It is not 23:59 (UTC) yet.")


def test_a_deadline_that_was_missed_is_not_over_at_midnight(watched: Watched) -> None:
    """What was due in the evening and did not come has not come when the day is over."""
    watched.clock.time = NOW - NOW % 86_400 + 86_400 + 23 * 3_600
    watched.add("no success of name:report by 22:00", clear_s=0.0)
    watched.later(0)
    assert [kind for kind, _ in watched.sent()] == ["fired"]

    watched.later(2 * 3_600)
    watched.later(10)
    (alert,) = watched.alerts.now().firing
    assert alert.sentence == ("None of tasks whose name contains report succeeded by 22:00 (UTC).")
    watched.store.apply(succeeded(uuid_of(1), watched.clock.now() - 5, name="report"))
    watched.later(10)

    assert [kind for kind, _ in watched.sent()] == ["fired", "resolved"]
    assert answer_of(watched) == ("well", "It is not 22:00 (UTC) yet.")


def test_a_deadline_of_tomorrow_is_not_missed_for_what_was_missed_before_its_rule(
    watched: Watched,
) -> None:
    watched.clock.time = NOW - NOW % 86_400 + 86_400 + 3_600
    watched.add("no success of name:report by 06:00")
    watched.later(0)

    assert answer_of(watched) == ("well", "It is not 06:00 (UTC) yet.")


def test_a_deadline_within_the_hour_that_comes_twice_is_the_first() -> None:
    condition = parse_condition("no success of name:report by 02:30 Europe/Berlin")
    assert isinstance(condition, DailyDeadline)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()

    assert {deadline_of(condition, first + later)[1] for later in (-60, 60, 2_400, 7_200)} == {
        first
    }


def test_a_back_test_of_a_deadline_goes_on_beyond_midnight(watched: Watched) -> None:
    watched.clock.time = NOW - NOW % 86_400 + 86_400 + 23 * 3_600
    for day in (0, 1, 3):
        at = watched.clock.time + day * 86_400 - 12 * 3_600
        watched.store.apply(succeeded(uuid_of(day), at, name="report"))
    watched.clock.time += 3 * 86_400
    watched.alive()

    found = watched.alerts.back_test("no success of name:report by 22:00")

    (firing,) = found.firings
    assert (firing.end or 0.0) - firing.start > 12 * 3_600


def test_a_new_error_fires_until_somebody_decides(watched: Watched) -> None:
    watched.add("new error of name:shop.*")
    watched.fail(2)
    watched.later(0)

    (alert,) = watched.alerts.now().firing
    assert alert.link == f"/errors/{alert.subject}"
    watched.services.errors.decisions.resolve(alert.subject, actor())
    watched.later(1)
    watched.later(61)
    assert watched.alerts.now().firing == ()


def test_health_findings_fire(watched: Watched) -> None:
    watched.add("finding collector-behind")
    watched.services.health_findings.answer(budget_s=10.0)
    watched.later(0, lag_s=40.0)

    (alert,) = watched.alerts.now().firing
    assert alert.subject == "collector-behind"


def test_a_finding_that_cannot_be_made_while_nothing_is_recorded_is_not_over(
    watched: Watched,
) -> None:
    """The overview leaves failures out while it is blind, and finds that nothing is recorded."""
    watched.add("any critical finding", clear_s=0.0)
    watched.fail(30)
    watched.services.health_findings.answer(budget_s=10.0)
    watched.later(0)
    (failing,) = watched.alerts.now().firing
    assert failing.subject.startswith("failures-risen")

    watched.clock.time += 120
    watched.services.health_findings.answer(budget_s=10.0)
    watched.turn(watched.services)  # no collector reports

    there = {each.subject for each in watched.alerts.now().firing}
    assert there == {"not-recording", failing.subject}
    assert [kind for kind, _ in watched.sent()] == ["fired", "fired"]


def test_that_nothing_was_recorded_is_over_though_no_worker_was_heard_yet(
    tmp_path: Path,
) -> None:
    """A new server whose collector is slow to begin, of a cluster without workers."""
    with http_receiver() as receiver:
        new = Watched(tmp_path, receiver, workers=False)
        new.add("any finding", clear_s=0.0)
        new.services.health_findings.answer(budget_s=10.0)
        new.clock.time += 120
        new.turn(new.services)  # no collector reports
        (firing,) = new.alerts.now().firing
        assert firing.subject == "not-recording"

        new.later(10)

        assert answer_of(new)[0] == "cannot be known"
        assert [kind for kind, _ in new.sent()] == ["fired", "resolved"]
        new.close()


def test_a_collector_that_is_starting_wakes_nobody(tmp_path: Path) -> None:
    with http_receiver() as receiver:
        new = Watched(tmp_path, receiver, workers=False, supervised=lambda: STARTING)
        new.add("any finding")
        new.clock.time += 120
        new.turn(new.services)

        assert new.alerts.now().firing == ()
        assert answer_of(new)[0] != "well"
        new.close()


def test_a_finding_that_somebody_mutes_is_over_though_nothing_is_recorded(
    watched: Watched,
) -> None:
    watched.add("any critical finding", clear_s=0.0)
    watched.clock.time += 120
    watched.services.health_findings.answer(budget_s=10.0)
    watched.turn(watched.services)
    until = watched.clock.now() + 3_600
    watched.services.health_findings.mute("not-recording", until, "it is meant", actor())
    watched.clock.time += 10
    watched.turn(watched.services)

    assert watched.alerts.now().firing == ()
    assert [kind for kind, _ in watched.sent()] == ["fired", "resolved"]
    assert answer_of(watched)[0] == "cannot be known"


def test_another_server_goes_on_where_the_first_one_died(watched: Watched) -> None:
    watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.later(10)
    second = watched.server()

    watch_of(second).judge()
    assert watch_of(second).alerting.elsewhere
    assert watch_of(second).alerting.firing == len(watched.alerts.now().firing) == 1
    watched.clock.time += 60
    watched.alive()
    watched.turn(second)

    assert not watch_of(second).alerting.elsewhere
    assert len(watched.alerts.now().firing) == 1
    assert [kind for kind, _ in watched.sent()] == ["fired"]


def test_nothing_is_judged_once_the_server_ends(watched: Watched) -> None:
    """Its collector ends before it: that nothing is recorded then is nothing to wake people for."""

    def at_work() -> set[str]:
        return {each.name for each in threading.enumerate()} & {"umbel-alerts", "umbel-messages"}

    watch_of(watched.services).start()
    assert at_work() == {"umbel-alerts", "umbel-messages"}

    watched.services.stop()

    wait_until(lambda: not at_work())


def test_a_message_that_is_not_taken_waits_in_the_ledger(watched: Watched) -> None:
    watched.receiver.answers = [503, 200]
    watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.later(10)
    (waiting,) = watched.alerts.now().failed
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert "503" in waiting.trouble

    second = watched.server()
    watched.clock.time += 60
    watch_of(second).deliver()

    assert watched.alerts.now().failed == ()
    assert len(watched.receiver.received) == 2
    first, again = watched.receiver.received
    assert first.headers["umbel-delivery"] == again.headers["umbel-delivery"]


def test_who_delivers_slowly_goes_on_alone(watched: Watched) -> None:
    """Ten seconds a message, and another server that looks meanwhile."""
    for name in ("failures > 1", "failures > 2", "failures > 3", "failures > 4"):
        watched.add(f"{name} over 30 min", name=name)
    watched.fail(5)
    second = watched.server()
    looks = iter([lambda: watch_of(second).deliver()] * 4)

    def slow() -> None:
        watched.clock.time += 10
        next(looks, lambda: None)()

    watched.receiver.before_answer = slow
    watched.later(10)
    for _ in range(4):
        watch_of(watched.services).deliver()

    told = [each.json["id"] for each in watched.receiver.received]
    assert (len(told), len(set(told))) == (4, 4)
    second.close()


def test_in_a_silence_nobody_is_sent_anything(watched: Watched) -> None:
    watched.alerts.silences.begin(
        NewSilence(until=watched.clock.now() + 100, reason="a deploy"), actor()
    )
    watched.add("failures > 3 over 30 min")
    watched.fail(5)
    watched.later(10)
    assert len(watched.alerts.now().firing) == 1
    assert watched.sent() == []

    watched.later(120)
    assert [kind for kind, _ in watched.sent()] == ["fired"]


def test_what_ended_in_a_silence_is_told_when_that_is_over(watched: Watched) -> None:
    """Also by another server than the one that judged it, and once."""
    second = watched.server()
    watch_of(second).judge()
    watched.later(60)
    watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.later(10)
    until = watched.clock.now() + 7_200
    silence = watched.alerts.silences.begin(NewSilence(until=until, reason="a deploy"), actor())
    watched.later(900)
    watched.later(70)
    watched.later(10)
    (ended,) = watched.alerts.history().items
    assert watched.alerts.now().firing == ()
    assert [kind for kind, _ in watched.sent()] == ["fired"]

    watched.alerts.silences.end(silence.id, actor())
    watched.clock.time += 60
    watched.alive()
    watched.turn(second)
    watched.turn(second)

    assert watched.sent()[1:] == [("resolved", "[warning] Rule is resolved (Shop)")]
    message = watched.receiver.received[1].json
    assert message["alerts"] == [ended.id]
    assert "It lasted 16 min" in message["text"]
    assert "It ended 1 min 10 s ago, in a silence." in message["text"]
    second.close()


def test_what_was_not_told_before_a_silence_is_not_told_after_it(watched: Watched) -> None:
    until = watched.clock.now() + 2_000
    watched.alerts.silences.begin(NewSilence(until=until, reason="a deploy"), actor())
    watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.later(10)
    watched.later(900)
    watched.later(70)
    watched.later(3_600)

    assert len(watched.alerts.history().items) == 1
    assert watched.sent() == []


def test_what_fires_is_told_with_the_numbers_of_now(watched: Watched) -> None:
    watched.add("failures > 3 over 30 min", clear_s=0.0)
    watched.fail(5)
    watched.later(10)
    watched.fail(60, first=5)
    watched.later(61)

    (alert,) = watched.alerts.now().firing
    assert (alert.value, alert.sentence[:15]) == (65.0, "65 tasks failed")
    watched.later(3_600)
    assert "What was last: 65 tasks failed" in watched.receiver.received[-1].json["text"]


def test_what_nobody_takes_care_of_is_escalated(watched: Watched) -> None:
    watched.add("failures > 3 over 30 min", escalate_s=300.0)
    watched.fail(5)
    watched.later(10)
    watched.later(310)
    watched.later(310)

    assert [kind for kind, _ in watched.sent()] == ["fired", "escalated"]


def test_what_fires_ends_with_its_rule(watched: Watched) -> None:
    rule = watched.add("failures > 3 over 30 min")
    watched.fail(5)
    watched.later(10)
    watched.alerts.rules.remove(rule, actor())
    watched.later(10)

    assert watched.alerts.now().firing == ()
    assert len(watched.alerts.history().items) == 1
    assert [kind for kind, _ in watched.sent()] == ["fired", "resolved"]
    assert (
        watched.receiver.received[1]
        .json["text"]
        .endswith("It ended with its rule, which was removed or switched off.")
    )


def test_a_rule_that_is_changed_to_something_else_fires_anew(watched: Watched) -> None:
    """Who takes care of what fired before knows nothing of what fires now."""
    rule = watched.add("failures of name:shop.a > 3 over 5 min")
    watched.fail(5, name="shop.a")
    watched.fail(9, first=50, name="shop.b")
    watched.later(10)
    (before,) = watched.alerts.now().firing
    watched.alerts.acknowledge(before.id, actor(), "on it")

    watched.change(rule, "failures of name:shop.b > 3 over 5 min")
    watched.later(10)
    watched.later(10)

    (firing,) = watched.alerts.now().firing
    assert (firing.value, firing.acknowledgement) == (9, None)
    (ended,) = watched.alerts.history().items
    assert ended.id == before.id
    assert [kind for kind, _ in watched.sent()] == ["fired", "resolved", "fired"]
    assert "its rule was changed" in watched.receiver.received[1].json["text"]


def test_a_rule_that_is_changed_to_what_nobody_knows_fires_no_more(watched: Watched) -> None:
    rule = watched.add("failures of name:shop.a > 3 over 5 min")
    watched.fail(5, name="shop.a")
    watched.later(10)

    watched.change(rule, "worker nobody@* silent for 1 min")
    watched.later(10)
    assert watched.alerts.now().firing == ()
    watched.later(10)

    assert answer_of(watched)[0] == "not yet known"


def test_a_rule_whose_limit_is_changed_fires_on_with_who_takes_care(watched: Watched) -> None:
    rule = watched.add("failures of name:shop.a > 3 over 5 min")
    watched.fail(5, name="shop.a")
    watched.later(10)
    (before,) = watched.alerts.now().firing
    watched.alerts.acknowledge(before.id, actor(), "on it")

    watched.change(rule, "failures of name:shop.a > 4 over 10 min")
    watched.later(10)

    (firing,) = watched.alerts.now().firing
    assert (firing.id, firing.condition) == (before.id, "failures of name:shop.a > 4 over 10m")
    assert firing.acknowledgement is not None
    assert [kind for kind, _ in watched.sent()] == ["fired"]


def test_who_was_told_that_it_fires_hears_that_it_is_over(watched: Watched) -> None:
    """Also when the rule notifies somebody else by then."""
    rule = watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.later(10)
    watched.alerts.rules.change(
        rule, NewRule(name="Rule", condition="failures > 3 over 5 min"), actor(),
        changed=watched.alerts.rules.one(rule).changed,
    )  # fmt: skip
    watched.later(900)
    watched.later(70)

    assert [kind for kind, _ in watched.sent()] == ["fired", "resolved"]


def test_a_test_message_tells_how_it_went(watched: Watched) -> None:
    assert watched.alerts.test("hook", actor()).state == "delivered"
    watched.receiver.answers = [500]
    tried = watched.alerts.test("hook", actor())

    assert (tried.state, "500" in tried.trouble) == ("failed", True)
    assert watched.sent()[0][0] == "test"


def test_what_was_not_delivered_is_shown_until_its_notifier_takes_a_message(
    watched: Watched,
) -> None:
    watched.receiver.answers = [410, 200]
    watched.alerts.test("hook", actor())
    assert len(watched.alerts.now().failed) == 1

    watched.clock.time += 10
    watched.alerts.test("hook", actor())
    assert watched.alerts.now().failed == ()


def test_what_a_notifier_that_was_removed_did_not_take_troubles_nobody(watched: Watched) -> None:
    watched.ledger.keep_notice(
        AlertNotice(
            id="m", kind="fired", notifier="gone", rule="r", alerts=("a",), severity="notice",
            title="Title", text="Text", link="/alerts", at=1.0, due=1.0, state="failed",
            trouble="The settings have no notifier gone.", ended=2.0,
        )
    )  # fmt: skip

    assert watched.alerts.now().failed == ()


def test_that_nobody_heard_of_what_still_fires_is_shown(watched: Watched) -> None:
    watched.receiver.answers = [410, 200]
    watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.later(10)
    watched.clock.time += 10
    watched.alerts.test("hook", actor())
    assert len(watched.alerts.now().failed) == 1

    watched.later(900)
    watched.later(70)
    assert watched.alerts.now().failed == ()


def test_a_message_that_was_not_tried_yet_is_not_told_as_undelivered(watched: Watched) -> None:
    watched.add("failures > 3 over 5 min")
    watched.fail(5)
    watched.alive()
    watch_of(watched.services).judge()

    assert watched.alerts.now().failed == ()


def test_a_back_test_finds_what_fired(watched: Watched) -> None:
    watched.fail(5)
    watched.clock.time += 3 * 3_600
    watched.alive()
    watched.fail(9, first=100)
    watched.clock.time += 3_600
    watched.alive()

    found = watched.alerts.back_test("failures of name:shop.* > 3 over 10 min")

    assert found.possible
    assert found.count == 2
    assert found.sentence.startswith("It would have fired 2 times in the last 4 h")
    assert [each.worst for each in found.firings] == [9.0, 5.0]
    assert watched.alerts.back_test("failures of name:shop.* > 30 over 10 min").count == 0
    assert found.limit == 3.0
    assert max(each.value or 0 for each in found.points) == 9.0


def test_the_status_tells_how_rules_are_judged(watched: Watched) -> None:
    watched.add("failures > 3")
    watched.later(0)
    alerting = watched.services.health.status().alerts

    assert alerting is not None
    assert (alerting.rules, alerting.left, alerting.trouble) == (1, 0, None)


def test_rules_that_ask_the_same_ask_the_store_once(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    series = watched.services.store.series

    def counted(*given: Any, **named: Any) -> Any:
        asked.append(named["measure"])
        return series(*given, **named)

    monkeypatch.setattr(watched.services.store, "series", counted, raising=False)
    for number, limit in enumerate((3, 5, 7)):
        condition = f"failures of name:shop.* > {limit} over 10 min"
        wanted = NewRule(name=f"Rule {number}", condition=condition)
        watched.alerts.rules.add(wanted, actor())
    watched.fail(6)
    watched.later(10)

    assert asked == ["count"]
    answers = [
        each.answer.answer for each in watched.alerts.rules.list().items if each.answer is not None
    ]
    assert answers == ["firing", "firing", "well"]


def test_what_all_rules_change_in_a_turn_is_one_write(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    write = watched.ledger.keep_alerts

    def counted(alerts: Any, **more: Any) -> None:
        writes.append(len(alerts))
        write(alerts, **more)

    for name in ("shop.charge", "shop.mail"):
        watched.add(f"failures of name:{name} > 1 over 5 min", name=name)
        watched.fail(3, first=len(name), name=name)
    monkeypatch.setattr(watched.ledger, "keep_alerts", counted)
    watched.later(10)

    assert writes == [2]


def last_worker_dies(watched: Watched) -> float:
    """It is sampled for ten minutes and then no more, for five minutes; queues are all the time."""
    now = watched.clock.now()
    for back in range(900, 0, -10):
        watched.samples.keep("queue", now - back, {"mail": (1.0, 1.0, 0.0, 1.0, None)})
        if back > 300:
            watched.samples.keep("worker", now - back, {WORKER: (0.5, 1.0, 1.0, 2.0, 4.0)})
    return now


@pytest.mark.parametrize(
    "condition", ["any worker silent for 1 min", f"online workers {WORKER} < 1"]
)
def test_a_back_test_finds_when_the_last_worker_died(watched: Watched, condition: str) -> None:
    now = last_worker_dies(watched)

    (firing,) = watched.alerts.back_test(condition, days=0.02).firings

    assert now - 310 <= firing.start <= now - 220
    assert firing.end is None


@pytest.mark.parametrize(
    "condition", ["any worker silent for 1 min", f"online workers {WORKER} < 1"]
)
def test_a_back_test_does_not_take_umbels_own_silence_for_a_workers(
    watched: Watched, condition: str
) -> None:
    now = last_worker_dies(watched)
    gap = KeptGap(start=now - 305, end=now, cause="collector-away", collector="eu-1:7")
    watched.store.keep_gaps([gap])

    found = watched.alerts.back_test(condition, days=0.02)

    assert (found.count, found.unknown_s) == (0, 300)


def test_a_back_test_of_a_pattern_looks_at_queues_that_fit_among_many_others(
    watched: Watched,
) -> None:
    now = watched.clock.now()
    many = {f"orders-{number}": (900.0, 900.0, 0.0, 1.0, 1.0) for number in range(100)}
    for back in range(0, 3_600, 60):
        depth = 150.0 if 1_200 < back < 2_400 else 1.0
        quiet = {"mail": (depth, depth, 0.0, 1.0, 1.0)}
        watched.samples.keep("queue", now - 3_600 + back, {**many, **quiet})

    found = watched.alerts.back_test("depth of queue mail* > 100", days=0.1)

    assert (found.count, found.subject) == (1, "mail")
    assert found.complete


def test_a_back_test_near_the_start_of_samples_looks_at_them_as_finely_as_it_can(
    watched: Watched,
) -> None:
    """Of a week there are hours, in whose means some minutes are lost."""
    now = watched.clock.now()
    for back in range(1_800, 0, -10):
        depth = 500.0 if 600 <= back < 900 else 1.0
        watched.samples.keep("queue", now - back, {"mail": (depth, depth, 0.0, 1.0, 1.0)})
        busy = (1.0, 1.0, 1.0, 1.0, 4.0)
        seen = {} if back < 600 else {WORKER: busy}
        watched.samples.keep("worker", now - back, seen | {"celery@other": busy})

    found = watched.alerts.back_test("depth of queue mail > 400")
    assert (found.count, found.step_s) == (1, 10.0)
    assert found.sentence.startswith("It would have fired once in the last 30 min.")
    silent = watched.alerts.back_test("any worker silent for 5 min")
    assert (silent.possible, silent.count) == (True, 1)


def test_a_back_test_ends_now_though_its_last_step_does_not(watched: Watched) -> None:
    """A week is looked at in steps of an hour."""
    now = watched.clock.now()
    unsure = (150.0, 150.0, 0.0, 1.0, None)
    watched.samples.keep("queue", now - 6 * 86_400, {"mail": (1.0, 1.0, 0.0, 1.0, None)})
    for back in range(900, 0, -10):
        watched.samples.keep("queue", now - back, {"mail": unsure, "new": unsure})

    (firing,) = watched.alerts.back_test("depth of queue mail > 100").firings
    assert (firing.start, firing.end) == (now, None)

    found = watched.alerts.back_test("oldest message of queue new > 1 min")
    assert found.unknown_s == found.until - found.since < 3_600


def test_a_thousand_that_fire_at_once_are_one_message_and_bounded(watched: Watched) -> None:
    watched.add("depth of queue * > 100")
    full = {f"queue-{number:04}": (150.0, 150.0, 0.0, 1.0, 1.0) for number in range(1_000)}
    watched.samples.keep("queue", watched.clock.now(), full)
    watched.later(1)

    assert len(watched.ledger.open_alerts()) == SUBJECTS_MAX
    assert watched.alerts.now().more == 0
    ((kind, text),) = watched.sent()
    assert kind == "fired"
    assert "more" in text
    assert len(text) < 2_000


def test_what_is_left_out_of_a_list_of_what_fires_is_told(watched: Watched) -> None:
    for name in ("one", "other"):
        watched.add("depth of queue * > 100", name=name)
    full = {f"queue-{number:04}": (150.0, 150.0, 0.0, 1.0, 1.0) for number in range(150)}
    watched.samples.keep("queue", watched.clock.now(), full)
    watched.later(1)

    found = watched.alerts.now()
    assert (len(found.firing), found.more) == (200, 100)


def test_what_a_rule_says_is_of_now_after_a_clock_was_put_back(watched: Watched) -> None:
    watched.add("failures > 3 over 5 min")
    watched.later(0)
    watched.later(-3_600)

    (listed,) = watched.alerts.rules.list().items
    assert listed.answer is not None
    assert listed.answer.at == watched.clock.now()


def test_a_clock_that_is_put_back_an_hour_tells_nobody_twice(watched: Watched) -> None:
    watched.add("depth of queue mail > 100")
    watched.samples.keep("queue", watched.clock.now(), {"mail": (150.0, 150.0, 0.0, 1.0, 1.0)})
    watched.later(1)
    assert [kind for kind, _ in watched.sent()] == ["fired"]

    watched.clock.time -= 3_600
    watched.alive()
    watched.turn(watched.services)
    watched.clock.time += 3_600
    watched.samples.keep("queue", watched.clock.now(), {"mail": (150.0, 150.0, 0.0, 1.0, 1.0)})
    watched.later(1)

    assert [kind for kind, _ in watched.sent()] == ["fired"]
    assert len(watched.alerts.now().firing) == 1
