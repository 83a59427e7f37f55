"""Every link from one page of the repository to another leads somewhere, to its heading if it names
one; and so does every address of the documentation that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, ROOT, anchors, links, text_of

#: Addresses of the documentation in sentences of the server (`docs/health#clock-skew`) and in
#: links of pages (`href="docs/alerts"`).
IN_CODE = re.compile(
    r"(?<![\w/.])docs/([a-z-]+(?:/[a-z-]+)?)(?:\.md)?(#[a-z0-9-]+)?(?=[\"'`\s),;:]|\.\s)"
)
SOURCES = (
    *(ROOT / "src" / "umbel").rglob("*.py"),
    *(ROOT / "ui" / "src").rglob("*.svelte"),
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    wrong = []
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)

    assert wrong == []


def test_every_address_in_the_code_leads_somewhere() -> None:
    wrong = []
    for source in SOURCES:
        for name, anchor in IN_CODE.findall(text_of(source)):
            page = ROOT / "docs" / f"{name}.md"
            page = page if page.exists() else ROOT / "docs" / name / "README.md"
            if not page.exists() or (anchor and anchor[1:] not in anchors(page)):
                wrong.append((source.name, f"{name}{anchor}"))

    assert wrong == []


def test_the_first_page_leads_to_all_others() -> None:
    docs = ROOT / "docs"
    first = links(docs / "README.md")

    assert [page.name for page in docs.glob("*.md") if page.name not in first] == ["README.md"]
