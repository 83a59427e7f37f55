"""The cluster behind a real broker, as Umbel reaches it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

from celery import Celery

from tests.support.applications import WORKERAPP
from umbel.applications import bare_application
from umbel.broker.base import Cluster, Signature
from umbel.broker.cluster import open_cluster


@contextlib.contextmanager
def cluster_at(url: str, **settings: Any) -> Iterator[Cluster]:
    """The cluster at `url`, known by its address and these settings of Celery; closed at the
    end."""
    app = bare_application(url)
    app.conf.update(settings)
    with cluster_of(app) as cluster:
        yield cluster


@contextlib.contextmanager
def cluster_of(app: Celery, **options: Any) -> Iterator[Cluster]:
    """The cluster of this application; closed at the end."""
    cluster = open_cluster(app, **options)
    try:
        yield cluster
    finally:
        cluster.close()


def signature(name: str, *args: object, **options: Any) -> Signature:
    """A call of task `name` of `tests/integration/workerapp.py` under a new id."""
    options.setdefault("id", str(uuid.uuid4()))
    return Signature(name=f"{WORKERAPP}.{name}", args=args, **options)
