"""Files of the pages, which strangers may ask for by any path."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.world import World
from umbel.web.app import WebOptions

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_long_way_to_a_file_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<base />")
    (tmp_path / "assets" / "index-D3adB33f.js").write_text("1")
    world = World(options=WebOptions(pages=tmp_path))

    detour = "/assets/" + "-" * 50_000 + "/%2e%2e/index-D3adB33f.js"

    assert (await world.get("/assets/index-D3adB33f.js")).status_code == 200
    assert (await world.get(detour)).status_code == 404
