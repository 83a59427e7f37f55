"""An application that its green threads' library patches is watched as any other."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.processes import must_be_gone
from tests.support.sources import celery_app, say
from tests.support.umbels import umbel_environment, umbel_serve
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

PATCHES = {
    "eventlet": "import warnings; warnings.simplefilter('ignore')\n"
    "import eventlet; eventlet.monkey_patch()",
    "gevent": "from gevent import monkey; monkey.patch_all()",
}


@pytest.mark.parametrize("library", PATCHES)
def test_its_events_are_stored_and_no_collector_outlives_the_server(
    redis_url: str, tmp_path: Path, library: str
) -> None:
    app = f"app = Celery('shop', broker={redis_url!r})"
    (tmp_path / "patched.py").write_text(f"{PATCHES[library]}\nfrom celery import Celery\n{app}\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    environment = umbel_environment(PYTHONPATH=path, UMBEL_APP="patched")

    with umbel_serve(redis_url, tmp_path / "umbel", environment=environment) as umbel:
        say(celery_app(redis_url), "patched")

        wait_until(lambda: umbel.client.task("patched"), timeout_s=30, what="its event")
        collector = umbel.collector_pid()
        assert collector is not None
        os.kill(umbel.process.pid, signal.SIGKILL)

        must_be_gone(collector)
