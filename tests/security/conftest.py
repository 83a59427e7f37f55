"""The world that tests over HTTP ask."""

from __future__ import annotations

import pytest

from tests.api.world import World


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> World:
    return World()
