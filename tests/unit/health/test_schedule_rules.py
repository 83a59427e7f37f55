"""Beat that is silent, and entries that missed their run."""

from __future__ import annotations

from tests.unit.health.examples import NOW, found, only
from umbel.services.health.facts import BeatFact, EntryFact

SENTENCE = "Beat has sent nothing for 8 min, though 7 runs were due since."


def missed(name: str, ago_s: float = 600.0, *, waits: bool = False) -> EntryFact:
    return EntryFact(f"django:{name}", name, NOW - ago_s, waits, "Beat sent others.")


def test_a_silent_beat_is_critical_and_said_once() -> None:
    silent = BeatFact(silent_since=NOW - 480, sentence=SENTENCE, missed=(missed("a"),))

    finding = only("beat-silent", beat=silent)

    assert finding.severity == "critical"
    assert found("entry-missed", beat=silent) == ()
    assert (finding.sentence, finding.since) == (SENTENCE, NOW - 480)


def test_an_entry_that_missed_its_run_says_why_and_leads_there() -> None:
    finding = only("entry-missed", beat=BeatFact(missed=(missed("nightly/report"),)))

    assert finding.sentence == "nightly/report missed its run 10 min ago. Beat sent others."
    assert finding.action.address == "schedule/django%3Anightly%2Freport"
    waits = only("entry-missed", beat=BeatFact(missed=(missed("mail", waits=True),)))
    assert waits.sentence.startswith("mail waits since its run 10 min ago.")


def test_many_entries_are_three_and_a_sum() -> None:
    many = BeatFact(missed=tuple(missed(f"e{n}", 60.0 * n) for n in range(1, 9)))

    findings = found("entry-missed", beat=many)

    assert len(findings) == 4
    assert findings[-1].sentence == "5 more entries missed a run: e4, e5, e6 and 2 more."


def test_where_no_entry_can_be_read_nothing_is_said() -> None:
    assert found("entry-missed", beat=None) == found("entry-missed", beat=BeatFact())
