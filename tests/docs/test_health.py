"""docs/health.md has a section for each rule, and a rule for each section."""

from __future__ import annotations

import re
from pathlib import Path

from umbel.services.health.rules import deliveries, queues, rates, recording, retries, workers
from umbel.services.health.rules.table import HEALTH_RULES

PAGE = (Path(__file__).parents[2] / "docs" / "health.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def anchor(title: str) -> str:
    """The anchor of a heading, as pages and repository make it."""
    return title.lower().replace(" ", "-")


def test_each_rule_has_its_section_and_each_section_its_rule() -> None:
    assert {anchor(title) for title in SECTIONS} == {*HEALTH_RULES}


def test_sections_stand_in_the_order_of_the_rules() -> None:
    assert [anchor(title) for title in SECTIONS] == [*HEALTH_RULES]


def test_each_section_says_how_grave_it_is() -> None:
    for title, text in SECTIONS.items():
        assert re.search("critical|warning|notice", text, re.IGNORECASE), title


def test_thresholds_are_those_of_the_page() -> None:
    says = {
        "Queue without consumer": f"{queues.UNCONSUMED_FOR_S:.0f} seconds",
        "Queue growing": f"to {queues.GROWN_MIN} messages",
        "Worker wedged": f"{workers.WEDGED_AFTER_S / 60:.0f}\nminutes "
        f"({workers.BUSY_WEDGED_AFTER_S / 60:.0f}",
        "Worker silent": f"{workers.SILENT_AFTER_S:.0f}\nseconds",
        "Clock skew": f"notice from {workers.SKEW_S:.0f} seconds",
        "Failures risen": f"at least {rates.TASKS_MIN} have ended",
        "Wait risen": f"waited {rates.WAIT_MIN_S:.0f} seconds",
        "Task comes again": f"critical from {deliveries.RECURRING_CRITICAL} times on. A task came "
        f"to workers {deliveries.RECURRING_MIN} times",
        "Tasks retrying": f"At least {retries.RETRYING_MIN} tasks of a name",
        "Task overdue": f"at least {deliveries.OVERDUE_TASKS_MIN} of",
        "Store near its bound": f"{recording.NEAR_BOUND * 100:.0f} %",
        "History gap": f"{recording.GAP_MIN_S:.0f} seconds at least",
    }
    for title, words in says.items():
        assert " ".join(words.split()) in " ".join(SECTIONS[title].split()), title
