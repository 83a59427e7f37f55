"""docs/flower.md tells of every address of Flower's API, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

from umbel.web.flower.routes import FLOWER_ROUTES

GUIDE = (Path(__file__).parents[3] / "docs" / "flower.md").read_text()


def test_the_guide_lists_every_route_and_no_other() -> None:
    listed = re.findall(r"^\| `(GET|POST) (\S+)` \|", GUIDE, re.MULTILINE)

    told = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in listed}
    served = {(route.method, route.path.replace("{target}", "{}")) for route in FLOWER_ROUTES}
    assert told == served | {("GET", "/workers?json=1")}
