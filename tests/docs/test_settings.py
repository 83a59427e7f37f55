"""docs/settings.md tells every setting, as the tree has it."""

from __future__ import annotations

from pathlib import Path

from umbel.settings import SETTINGS
from umbel.settings.show import as_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
BEGIN = "<!-- The tables are printed by `umbel settings --markdown`. -->\n"
END = "<!-- End of the tables. -->\n"


def test_the_tables_of_the_page_are_those_of_the_tree() -> None:
    text = PAGE.read_text(encoding="utf-8")

    tables = text.split(BEGIN)[1].split(END)[0]

    assert tables.strip() == as_markdown().strip(), "run scripts/settings-page.sh"


def test_the_page_names_every_setting() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [entry.env for entry in SETTINGS if f"`{entry.env}`" not in text] == []
