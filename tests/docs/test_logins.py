"""The pages of logins: what one copies is accepted, and the table of what happens is regular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.login_table import BEARER, COLUMNS, OUTCOMES, outcomes
from umbel.settings import check_serving, load_settings
from umbel.settings.login_kinds import KINDS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "logins"
PAGES = sorted(FOLDER.glob("*.md"))


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def settings_files() -> list[tuple[str, str]]:
    """Each example that has a provider, with the page that it is on."""
    found = [
        (page.stem, block)
        for page in PAGES
        for block in re.findall(r"```toml\n(.*?)```", text(page), re.DOTALL)
    ]
    return [(name, block) for name, block in found if "[auth.providers." in block]


def test_the_table_has_every_kind_and_says_what_happens_in_few_words() -> None:
    assert f"| {' | '.join(COLUMNS)} |" in text(FOLDER / "README.md")
    found = outcomes()

    assert {*found} == {*KINDS, BEARER}
    for row in found.values():
        for column, happens in row.items():
            assert happens in OUTCOMES[column]


def test_the_overview_leads_to_every_page() -> None:
    overview = text(FOLDER / "README.md")

    assert [page.name for page in PAGES if f"({page.name})" not in overview] == ["README.md"]


@pytest.mark.parametrize(("page", "block"), settings_files())
def test_what_one_copies_starts(tmp_path: Path, page: str, block: str) -> None:
    (tmp_path / "secret").write_text("s3cret")
    block = re.sub(r'"/run/secrets/\w+"', f'"{tmp_path / "secret"}"', block)
    if "[[auth.rules]]" not in block:
        block += '\n[[auth.rules]]\nclaim = "email"\nvalue = "ann@example.com"\nrole = "viewer"\n'
    if 'kind = "proxy"' in block and "trusted_proxies" not in block:
        block = f'trusted_proxies = ["10.0.0.7"]\n{block}'
    file = tmp_path / "umbel.toml"
    file.write_text(f'broker = "redis://x/0"\n{block}')
    file.chmod(0o600)

    loaded = load_settings({}, {"HOME": str(tmp_path)}, tmp_path)

    check_serving(loaded)
    assert loaded.notices == ()
    assert page in {"README", "flower", *KINDS, "oidc", "forward-auth"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_example_is_toml(page: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", text(page), re.DOTALL):
        tomllib.loads(block)


def test_names_of_kinds_that_are_pages_are_kinds() -> None:
    others = {"README", "flower", "passwords", "roles", "forward-auth"}

    assert {page.stem for page in PAGES} - others <= {*KINDS}
