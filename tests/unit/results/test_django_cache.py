"""Django's caches are read without unpickling, and the project's own stay as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import pickle, sys
from django.conf import settings
settings.configure(
    CACHES={"default": {"BACKEND": sys.argv[1], "LOCATION": sys.argv[2]}},
    INSTALLED_APPS=["django_celery_results"],
)
import django
django.setup()
from celery import Celery
from umbel.errors import ResultsUnavailable
from umbel.results.opening import open_results

class Declined(Exception):
    pass

app = Celery("t", backend="django-cache", set_as_current=False)
results = open_results(app)
try:
    print(results.get("none").state)
    app.backend.store_result("a", {"x": [1, None]}, "SUCCESS")
    app.backend.store_result("b", Declined("no", 3), "FAILURE", traceback="Traceback ...")
    print(results.get("a").result, results.get("b").exception, results.get("b").traceback)
    print([each.state for each in results.get_many(["a", "b", "c"])])
    results.abort("c")
    print(results.get("c").state, app.backend.get_task_meta("c")["status"])
    print(type(app.backend.get_task_meta("b")["result"]).__name__)
except ResultsUnavailable as error:
    print(error)
"""


def said(backend: str, location: str) -> list[str]:
    """What a project with this cache prints of its results."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            CODE,
            f"django.core.cache.backends.{backend}",
            location,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_cache_in_files_is_read(tmp_path: Path) -> None:
    assert said("filebased.FileBasedCache", str(tmp_path)) == TOLD


@pytest.mark.redis
def test_a_cache_in_redis_is_read(redis_url: str) -> None:
    assert said("redis.RedisCache", redis_url) == TOLD


TOLD = [
    "PENDING",
    "{'x': [1, None]} Declined('no', 3) Traceback ...",
    "['SUCCESS', 'FAILURE', 'PENDING']",
    "ABORTED ABORTED",
    "Declined",
]


@pytest.mark.parametrize(
    ("backend", "why"),
    [
        ("locmem.LocMemCache", "keeps values in the memory of each process"),
        ("memcached.PyLibMCCache", "PyLibMCCache loads pickles"),
    ],
)
def test_a_cache_that_cannot_be_read_is_refused_in_words(backend: str, why: str) -> None:
    [sentence] = said(backend, "x")

    assert why in sentence
    assert "Umbel reads Django's caches in Redis" in sentence
