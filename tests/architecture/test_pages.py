"""Pages that the browser has are pages of the server, so that links into them work."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT
from umbel.web.ui_pages import modules_at

ADDRESSES = (ROOT / "ui" / "src" / "frame" / "address.ts").read_text()


def declared(constant: str, word: str) -> list[str]:
    """The words of a constant of the browser's table of addresses."""
    found = re.search(rf"^const {constant} = (.*) as const$", ADDRESSES, re.MULTILINE)
    assert found is not None
    return re.findall(word, found[1])


def test_each_page_of_the_browser_is_one_of_the_server() -> None:
    """Else a link to it answers 404, and one with a dot in it shows nothing at all."""
    lists = declared("LISTS", r"'([a-z-]+)'")
    named = [f"{folder}/of.a.name" for folder in declared("ONES", r"(\w+):")]
    fixed = re.findall(r"inside === '([a-z/-]+)'", ADDRESSES)
    pages = ["", *lists, *named, *fixed]

    assert len(lists) > 10
    assert len(named) > 5
    assert "workers/diff" in fixed
    assert [each for each in pages if not modules_at(each)] == []
