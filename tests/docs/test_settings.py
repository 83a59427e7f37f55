"""docs/settings.md tells every setting, as the tree has it, and what pages have as a settings file
is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, ROOT, examples
from umbel.auth.passwords import hash_password
from umbel.settings import SETTINGS, check_serving, load_settings
from umbel.settings.clusters import OF_A_CLUSTER
from umbel.settings.show import as_markdown

PAGE = ROOT / "docs" / "settings.md"
BEGIN = "<!-- The tables are printed by `umbel settings --markdown`. -->\n"
END = "<!-- End of the tables. -->\n"


def test_the_tables_of_the_page_are_those_of_the_tree() -> None:
    text = PAGE.read_text(encoding="utf-8")

    tables = text.split(BEGIN)[1].split(END)[0]

    assert tables.strip() == as_markdown().strip(), "run scripts/settings-page.sh"


def test_the_page_names_every_setting() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert [entry.env for entry in SETTINGS if f"`{entry.env}`" not in text] == []


def settings_files() -> list[tuple[str, str]]:
    """The examples of the pages, but those of logins, which test_logins.py tries."""
    pages = [page for page in PAGES if page.parent.name not in {"logins", "decisions"}]
    return [(page.name, block) for page in pages for block in examples(page, "toml")]


@pytest.mark.parametrize(("page", "block"), settings_files())
def test_what_one_copies_starts(tmp_path: Path, page: str, block: str) -> None:
    block = re.sub(r"scrypt\.[\w.]+\.\.\.", hash_password("secret"), block)
    if "[alerts.rules." in block:  # the notifiers stand in the example before
        block += "".join(
            f'\n[alerts.notifiers.{name}]\nkind = "webhook"\nurl = "https://x/"\nsecret = "s"\n'
            for name in ("oncall", "phone")
        )
    if ".roles]" in block and "[auth]" not in block:
        block += '\n[auth]\nusers = ["ann:viewer:secret"]\n'
    if not re.search(r"^(app|broker) = ", block, re.MULTILINE):
        block = f'broker = "redis://x/0"\n{block}'
    file = tmp_path / "umbel.toml"
    file.write_text(block)
    file.chmod(0o600)

    loaded = load_settings({}, {"HOME": str(tmp_path)}, tmp_path)

    check_serving(loaded)
    assert loaded.notices == (), page


def test_the_page_says_what_a_table_of_a_cluster_may_hold() -> None:
    sentence = re.search(r"A table\s+may hold (.*?); what", PAGE.read_text(), re.DOTALL)
    assert sentence is not None
    sections = {name.split(".")[0] for name in OF_A_CLUSTER if "." in name}
    alone = {name for name in OF_A_CLUSTER if "." not in name}

    named = set(re.findall(r"`([^`]+)`", sentence[1]))

    assert named == alone | {f"[{section}]" for section in sections}
