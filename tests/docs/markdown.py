"""The Markdown of the repository: its pages, their anchors, links and examples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "compat" / "README.md"])
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
#: In code, brackets behind brackets are no link.
_CODE = re.compile(r"`[^`]+`")
_LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def examples(page: Path, *languages: str) -> Iterator[str]:
    """The fenced blocks of these languages."""
    for language, block in _FENCE.findall(text_of(page)):
        if language in languages:
            yield block


def links(page: Path) -> list[str]:
    """Where links lead that do not leave the repository."""
    return _LINK.findall(_CODE.sub("`code`", _FENCE.sub("", text_of(page))))


def anchors(page: Path) -> set[str]:
    """What stands behind `#` in links to headings, as GitHub and the pages of Umbel make it."""
    found: Counter[str] = Counter()
    for heading in _HEADING.findall(_FENCE.sub("", text_of(page))):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        found[re.sub(r"[^\w\- ]", "", words).replace(" ", "-")] += 1
    return {
        anchor if number == 0 else f"{anchor}-{number}"
        for anchor, times in found.items()
        for number in range(times)
    }
