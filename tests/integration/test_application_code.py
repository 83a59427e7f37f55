"""What an application's own code does in the server: it may end, hang or fail, and the server goes
on."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.umbels import umbel_environment, umbel_serve

pytestmark = pytest.mark.timeout(120)

_SHOP = """
import sys, threading
from celery import Celery
app = Celery("shop", broker="memory://")
def route(name, args, kwargs, options, task=None, **_):
    if name == "ends":
        sys.exit("no")
    if name == "hangs":
        threading.Event().wait()
    return {"queue": "packing"}
app.conf.update(task_routes=[route], imports=["picky"])
"""

_LEFT_BEHIND = """
threading.Thread(target=threading.Event().wait).start()
"""


def test_code_of_the_application_that_exits_or_hangs_ends_no_server(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(_SHOP)
    (tmp_path / "picky.py").write_text("import sys\nsys.exit('DATABASE_URL is not set')\n")
    environment = umbel_environment(HOME=str(tmp_path), PYTHONPATH=str(tmp_path))
    options = ["-A", "shop:app"]
    with umbel_serve(
        "memory://", tmp_path / "data", *options, live=False, environment=environment
    ) as umbel:
        routed: Any = umbel.client.get("route", name="packs")
        assert routed["queue"] == "packing"

        for _ in range(3):
            hanging: Any = umbel.client.get("route", name="hangs")
            assert "did not say within 2 s where hangs goes" in " ".join(hanging["warnings"])
        ended = umbel.client.http.get("/api/v1/route", params={"name": "ends"})

        assert "ended itself" in ended.json()["detail"]
        assert umbel.is_up()
        assert "DATABASE_URL is not set" in umbel.process.output()


def test_a_thread_that_the_application_left_behind_keeps_no_server_from_ending(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop.py").write_text(_SHOP + _LEFT_BEHIND)
    environment = umbel_environment(HOME=str(tmp_path), PYTHONPATH=str(tmp_path))
    with umbel_serve(
        "memory://", tmp_path / "data", "-A", "shop:app", live=False, environment=environment
    ) as umbel:
        umbel.client.get("route", name="packs")
        umbel.process.send_signal(signal.SIGTERM)

        assert umbel.process.wait(40) == 0
