"""What is loaded at the start: of Celery nothing before it is asked, of the services nothing that
a collector or a short command does not need."""

from __future__ import annotations

import ast
import subprocess
import sys


def test_the_web_application_is_there_without_celery() -> None:
    program = "import sys, umbel.app, umbel.web.app; print('celery' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("False\n", "")


def test_commands_and_collectors_start_without_the_services() -> None:
    program = (
        "import sys, umbel.app\n"
        "heavy = ('umbel.services', 'umbel.web', 'asyncio', 'anyio')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_collector_on_redis_reads_without_celery_and_the_commands() -> None:
    program = (
        "import sys, umbel.app, umbel.collector, umbel.cli.supervised\n"
        "from umbel.broker.event_sources import open_source\n"
        "from umbel.broker.link import link_to_url\n"
        "open_source(link_to_url('redis://127.0.0.1:1/0'))\n"
        "heavy = ('celery', 'click', 'umbel.cli.', 'umbel.web', 'umbel.services.alerts')\n"
        "own = ('umbel.cli.supervised', 'umbel.cli.codes')\n"
        "print([name for name in sys.modules if name.startswith(heavy) and name not in own])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_worker_that_streams_loads_nothing_else_of_ours_and_no_library_of_ours() -> None:
    program = (
        "import sys, celery, celery.app.events, kombu\n"
        "before = set(sys.modules)\n"
        "import umbel.worker, umbel.worker.dispatcher\n"
        "heavy = ('msgspec', 'starlette', 'uvicorn', 'apsw', 'anyio', 'click', 'redis')\n"
        "new = set(sys.modules) - before\n"
        "print(sorted(name for name in new if name.startswith(('umbel', *heavy))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stderr == ""
    loaded = ast.literal_eval(done.stdout)
    own = ("umbel.event_stream", "umbel.worker")
    assert "umbel.worker.dispatcher" in loaded
    assert [name for name in loaded if name != "umbel" and not name.startswith(own)] == []
