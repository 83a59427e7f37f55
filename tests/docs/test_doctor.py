"""docs/doctor.md has a section for each check, and a check for each section."""

from __future__ import annotations

import re
from pathlib import Path

from umbel.services.doctor.table import DOCTOR_CHECKS

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")


def test_each_check_has_its_section_in_their_order() -> None:
    titles = re.findall(r"^## ([^\n]+)$", PAGE, re.MULTILINE)

    assert [title.lower().replace(" ", "-") for title in titles] == [*DOCTOR_CHECKS]
