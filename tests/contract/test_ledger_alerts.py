"""Alerts, as every ledger keeps them."""

from __future__ import annotations

import msgspec
import pytest

from umbel.errors import NameTaken, TooManyRules
from umbel.store.alerts import (
    ALERTS_KEPT_S,
    FIRING_COUNTED,
    NOTICES_MAX,
    RULES_MAX,
    Acknowledgement,
    Alert,
    AlertNotice,
    AlertRule,
    RuleAnswer,
    Silence,
)
from umbel.store.ledger import Ledger


def rule(name: str, **given: object) -> AlertRule:
    made = AlertRule(id=f"id-{name}", name=name, condition="any finding", notify=("mail",))
    return msgspec.structs.replace(made, **given)


def alert(name: str, since: float = 10.0, ended: float | None = None) -> Alert:
    return Alert(
        id=name, rule="r", name="Rule", condition="any finding", severity="critical",
        subject="mail", phase="firing" if ended is None else "resolved",
        since=since, sentence="It is so.",
        fired=since, ended=ended,
    )  # fmt: skip


def notice(name: str, at: float, **given: object) -> AlertNotice:
    made = AlertNotice(
        id=name, kind="fired", notifier="mail", rule="r", alerts=(f"a-{name}",), severity="notice",
        title="Title", text="Text", link="/alerts", at=at, due=at,
    )  # fmt: skip
    return msgspec.structs.replace(made, **given)


def silence(name: str, start: float, until: float, **given: object) -> Silence:
    made = Silence(
        id=name, rule="", subject="*", start=start, until=until, actor="ada", reason="a deploy"
    )
    return msgspec.structs.replace(made, **given)


def test_rules_are_kept_by_name_and_changed_by_who_saw_the_last(ledger: Ledger) -> None:
    assert ledger.alert_rules() == ()
    assert ledger.keep_alert_rule(rule("b"), instead_of=None)
    assert ledger.keep_alert_rule(rule("a"), instead_of=None)
    assert ledger.alert_rules() == (rule("a"), rule("b"))

    changed = rule("b", severity="critical")
    assert not ledger.keep_alert_rule(changed, instead_of=None)
    assert not ledger.keep_alert_rule(changed, instead_of=rule("b", note="other"))
    assert ledger.keep_alert_rule(changed, instead_of=rule("b"))
    assert ledger.alert_rules() == (rule("a"), changed)

    assert ledger.drop_alert_rule("id-b")
    assert not ledger.drop_alert_rule("id-b")


def test_names_of_rules_are_their_own_and_rules_are_bounded(ledger: Ledger) -> None:
    ledger.keep_alert_rule(rule("a"), instead_of=None)
    with pytest.raises(NameTaken):
        ledger.keep_alert_rule(rule("a", id="other"), instead_of=None)

    for number in range(RULES_MAX - 1):
        ledger.keep_alert_rule(rule(f"r{number}"), instead_of=None)
    with pytest.raises(TooManyRules):
        ledger.keep_alert_rule(rule("one more"), instead_of=None)
    assert ledger.keep_alert_rule(rule("a", note="changed"), instead_of=rule("a"))


def test_alerts_are_open_until_they_end(ledger: Ledger) -> None:
    assert ledger.open_alerts() == ()
    ledger.keep_alerts([alert("b", 20.0), alert("a", 30.0)])
    assert ledger.open_alerts() == (alert("b", 20.0), alert("a", 30.0))

    ledger.keep_alerts([alert("b", 20.0, ended=50.0)], drop=["a"])
    assert ledger.open_alerts() == ()
    assert ledger.ended_alerts() == (alert("b", 20.0, ended=50.0),)
    assert ledger.alert("b") == alert("b", 20.0, ended=50.0)
    assert ledger.alert("a") is None


def test_alerts_that_ended_untold_are_found(ledger: Ledger) -> None:
    untold = [
        msgspec.structs.replace(alert(name, ended=ended), untold=True)
        for name, ended in (("a", 20.0), ("b", 30.0))
    ]
    ledger.keep_alerts([*untold, alert("c", ended=25.0), alert("d")])
    assert [each.id for each in ledger.untold_alerts()] == ["b", "a"]

    ledger.keep_alerts([msgspec.structs.replace(untold[1], untold=False)])
    assert [each.id for each in ledger.untold_alerts()] == ["a"]


def test_those_that_fire_are_counted_up_to_a_bound(ledger: Ledger) -> None:
    assert ledger.firing_alerts() == 0
    pending = msgspec.structs.replace(alert("waits"), phase="pending")
    ledger.keep_alerts([alert("a"), pending, alert("over", ended=50.0)])
    assert ledger.firing_alerts() == 1

    ledger.keep_alerts([alert(f"more{number}") for number in range(FIRING_COUNTED)])
    assert ledger.firing_alerts() == FIRING_COUNTED


def test_history_is_told_newest_first_page_by_page_and_not_for_ever(ledger: Ledger) -> None:
    for number in range(5):
        ledger.keep_alerts([alert(f"a{number}", ended=100.0 + number)])

    assert [each.id for each in ledger.ended_alerts(limit=2)] == ["a4", "a3"]
    assert [each.id for each in ledger.ended_alerts(103.0, limit=2)] == ["a2", "a1"]
    ledger.keep_alerts([alert("late", ended=103.5 + ALERTS_KEPT_S)])
    assert [each.id for each in ledger.ended_alerts()] == ["late", "a4"]


def test_no_alert_falls_between_two_pages_where_many_ended_at_once(ledger: Ledger) -> None:
    ledger.keep_alerts([alert(f"a{number}", ended=100.0) for number in range(5)])
    ledger.keep_alerts([alert("later", ended=110.0), alert("earlier", ended=90.0)])

    first = ledger.ended_alerts(limit=3)
    second = ledger.ended_alerts(first[-1].ended, limit=3)

    assert [each.id for each in first] == ["later", "a4", "a3", "a2", "a1", "a0"]
    assert [each.id for each in second] == ["earlier"]


def test_who_takes_care_of_an_alert_is_kept_beside_it(ledger: Ledger) -> None:
    ledger.keep_alerts([alert("a")])
    seen = Acknowledgement(alert="a", actor="ada", at=12.0, note="on it")
    assert ledger.acknowledge(seen, instead_of=None)
    ledger.keep_alerts([alert("a")])

    (found,) = ledger.open_alerts()
    assert found.acknowledgement == seen
    late = msgspec.structs.replace(seen, actor="bob")
    assert not ledger.acknowledge(late, instead_of=None)
    assert ledger.acknowledge(late, instead_of=seen)
    found_again = ledger.alert("a")
    assert found_again is not None
    assert found_again.acknowledgement is not None
    assert found_again.acknowledgement.actor == "bob"


def test_what_rules_say_is_kept_until_they_are_dropped(ledger: Ledger) -> None:
    answer = RuleAnswer(rule="id-a", answer="well", sentence="All well.", since=1.0, at=2.0)
    ledger.keep_alert_rule(rule("a"), instead_of=None)
    ledger.keep_alerts(answers=[answer])

    assert ledger.rule_answers() == {"id-a": answer}
    ledger.drop_alert_rule("id-a")
    assert ledger.rule_answers() == {}


def test_silences_are_kept_until_they_end(ledger: Ledger) -> None:
    ledger.keep_silence(silence("past", 0.0, 50.0), now=10.0)
    ledger.keep_silence(silence("later", 100.0, 200.0), now=10.0)
    weekly = silence("weekly", 20.0, 30.0, repeat_s=604_800.0)
    ledger.keep_silence(weekly, now=10.0)

    assert [each.id for each in ledger.silences(10.0)] == ["past", "weekly", "later"]
    assert ledger.silences(60.0) == (weekly, silence("later", 100.0, 200.0))
    assert ledger.drop_silence("later")
    assert not ledger.drop_silence("later")
    assert ledger.silences(1e9) == (weekly,)


def test_messages_wait_until_they_are_delivered_or_given_up(ledger: Ledger) -> None:
    ledger.keep_alerts([alert("a")], notices=[notice("n1", 10.0), notice("n2", 20.0)])

    assert ledger.waiting_notices() == 2
    assert ledger.notices(states=("waiting",)) == (notice("n2", 20.0), notice("n1", 10.0))
    late = notice("n1", 10.0, due=40.0, attempts=1, trouble="Nobody answers.")
    ledger.keep_notice(late)
    ledger.keep_notice(notice("n2", 20.0, state="delivered", ended=31.0))
    assert ledger.notices(states=("waiting",)) == (late,)
    assert [each.id for each in ledger.notices()] == ["n2", "n1"]
    assert [each.id for each in ledger.notices(states=("waiting", "failed"))] == ["n1"]
    assert [each.id for each in ledger.notices(alert="a-n1")] == ["n1"]
    assert ledger.notices(alert="a-n") == ()


def test_messages_that_wait_are_bounded(ledger: Ledger) -> None:
    ledger.keep_alerts(notices=[notice(f"n{number:05}", number) for number in range(NOTICES_MAX)])
    ledger.keep_notice(notice("newest", 99_999.0))

    assert ledger.waiting_notices() == NOTICES_MAX
    (oldest,) = ledger.notices(states=("failed",))
    assert oldest.id == "n00000"
    assert "given up" in oldest.trouble
    assert ledger.notices(states=("waiting",), limit=NOTICES_MAX)[-1].id == "n00001"
