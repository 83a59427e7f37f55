"""`umbel alerts` over a data directory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from umbel.cli.start import run
from umbel.store.alerts import Alert
from umbel.store.opening import open_ledger, open_store

Umbel = Callable[..., tuple[int, str, str]]
RULE = "failures of name:shop.* > 5 over 10 min"


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs a command of `umbel` over an empty history."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    open_store(str(tmp_path / "data"), write=True).close()

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run([*arguments, "--data", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_a_rule_is_added_listed_and_removed(umbel: Umbel) -> None:
    code, out, err = umbel("alerts", "add", "Shop", RULE, "--for", "2min")
    assert code == 0
    assert "Fires when more than 5 tasks whose name begins with shop. failed" in out
    assert "notifies nobody" in err

    _, out, _ = umbel("alerts", "rules", "--json")
    rule = json.loads(out)
    assert (rule["name"], rule["pending_s"], rule["answer"]) == ("Shop", 120.0, "not judged yet")
    code, out, _ = umbel("alerts", "change", rule["id"], "--severity", "critical", "--off")
    assert (code, out.splitlines()[0].startswith("Shop is changed.")) == (0, True)
    _, out, _ = umbel("alerts", "rules", "--json")
    changed = json.loads(out)
    assert (changed["severity"], changed["answer"]) == ("critical", "off")
    assert (changed["condition"], changed["pending_s"]) == (rule["condition"], 120.0)
    assert umbel("alerts", "change", rule["id"])[0] == 2
    assert umbel("alerts", "change", "none", "--off")[0] != 0
    assert umbel("alerts", "remove", rule["id"])[0] == 0
    assert umbel("alerts", "rules")[2].startswith("There are no rules yet")


def test_a_mistake_is_told_with_the_right_word(umbel: Umbel) -> None:
    code, _, err = umbel("alerts", "add", "Shop", "failre rate > 5 %")

    assert code == 2
    assert "Did you mean failure rate?" in err


def test_what_fires_is_listed_and_taken_care_of(umbel: Umbel, tmp_path: Path) -> None:
    assert umbel("alerts", "list")[0] == 0
    ledger = open_ledger(str(tmp_path / "data"))
    alert = Alert(
        id="a1", rule="r", name="Shop", condition="any finding", severity="critical",
        subject="mail", phase="firing", since=time.time(), fired=time.time(), sentence="It is so.",
    )  # fmt: skip
    ledger.keep_alerts([alert])
    ledger.close()

    code, out, _ = umbel("alerts", "list")
    assert code == 1
    assert "It is so." in out
    assert umbel("alerts", "acknowledge", "a1", "--note", "on it")[0] == 0
    _, out, _ = umbel("alerts", "show", "a1")
    assert out.startswith("Shop of mail: firing, critical.\nIt is so.\n")
    assert "on it" in out
    assert umbel("alerts", "show", "none")[0] != 0


def test_a_back_test_says_where_it_could_not_look(umbel: Umbel) -> None:
    code, out, _ = umbel("alerts", "back-test", "any finding")

    assert code == 1
    assert "is not kept" in out


def test_a_silence_is_begun_and_ended(umbel: Umbel) -> None:
    code, out, _ = umbel("alerts", "silence", "--for", "2h", "--reason", "a deploy")
    assert code == 0
    silence = out.split()[-1].rstrip(".")

    assert "a deploy" in umbel("alerts", "silences")[1]
    assert umbel("alerts", "unsilence", silence)[0] == 0
    assert umbel("alerts", "unsilence", silence)[0] != 0
    assert umbel("alerts", "silence", "--for", "2", "--reason", "x")[0] == 2


def test_a_silence_of_something_does_not_say_that_everything_is_silent(umbel: Umbel) -> None:
    rule = umbel("alerts", "add", "Mail waits", "failures of name:mail.* > 5 over 10 min")[1]
    made = rule.partition(" is watched as ")[2].partition(".")[0]
    silence = ("alerts", "silence", "--for", "2h", "--reason", "a rack moves")

    _, of_some, _ = umbel(*silence, "--subject", "celery@eu-*")
    _, of_rule, _ = umbel(*silence, "--rule", made)
    _, of_all, _ = umbel(*silence, "--every", "week")

    assert of_some.startswith("Nobody is sent anything about celery@eu-* until ")
    assert of_rule.startswith("Nobody is sent anything by the rule Mail waits until ")
    assert of_all.startswith("Nobody is sent anything until ")
    assert ", and so every week: " in of_all


def test_a_maintenance_window_begins_in_its_zone(umbel: Umbel) -> None:
    in_two_days = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(days=2)
    noon = f"{in_two_days:%Y-%m-%d}T12:00"
    window = ("--from", noon, "--every", "week", "--zone", "Europe/Berlin")
    code, out, _ = umbel("alerts", "silence", "--for", "2h", "--reason", "backup", *window)
    assert (code, "from" in out) == (0, True)

    _, out, _ = umbel("alerts", "silences")
    assert "every week (Europe/Berlin)" in out
    wrong = umbel("alerts", "silence", "--for", "2h", "--reason", "x", "--from", "soon")
    assert (wrong[0], "is no time" in wrong[2]) == (2, True)


def test_a_window_cannot_begin_in_an_hour_that_there_is_not(umbel: Umbel) -> None:
    """It would come again every day at half past three."""
    gap = ("--from", "2026-03-29T02:30", "--every", "day", "--zone", "Europe/Berlin")
    code, _, err = umbel("alerts", "silence", "--for", "1h", "--reason", "backup", *gap)

    assert (code, "Clocks in Europe/Berlin are put forward" in err) == (2, True)
    in_utc = ("--from", "2026-03-29T02:30", "--every", "day")
    assert umbel("alerts", "silence", "--for", "1h", "--reason", "backup", *in_utc)[0] == 0


def test_durations_are_written_as_rules_print_them(umbel: Umbel) -> None:
    rule = ("alerts", "add", "Billing", "failures > 5 over 10m", "--for", "30m")
    assert umbel(*rule, "--clear", "5 minutes", "--escalate", "1hour")[0] == 0
    assert umbel("alerts", "silence", "--for", "30m", "--reason", "a deploy")[0] == 0


def test_without_notifiers_there_is_nobody_to_test(umbel: Umbel) -> None:
    assert "name none" in umbel("alerts", "notifiers")[2]
    code, _, err = umbel("alerts", "test", "mail")

    assert code != 0
    assert "no notifier mail" in err
