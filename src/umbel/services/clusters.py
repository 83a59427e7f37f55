"""The list of clusters that a server has, as it is shown: one row each, with its health."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from umbel.auth.base import Role
from umbel.errors import StoreError
from umbel.services.cluster_services import ClusterServices
from umbel.services.health.health import Stored
from umbel.services.health.liveness import Liveness


class ClusterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster: its `name` in addresses, its `label` for people, the `path` of its pages
    below the server's address (empty while there is one), the `role` that one has there, and
    how it is."""

    name: str
    label: str
    path: str
    role: Role
    live: Liveness
    store: Stored
    rate: float


class Clusters(msgspec.Struct, frozen=True):
    """In the order of the settings."""

    items: tuple[ClusterRow, ...]


def cluster_row(services: ClusterServices, role: Role, *, path: str) -> ClusterRow:
    """How a cluster is, for somebody who has `role` there."""
    pulse = services.health.glance()
    return ClusterRow(
        name=services.name,
        label=label_of(services),
        path=path,
        role=role,
        live=pulse.live,
        store=pulse.store,
        rate=pulse.counters.rate,
    )


def label_of(services: ClusterServices) -> str:
    """What people call a cluster: as the settings say, or else the host of its broker."""
    if services.label:
        return services.label
    with suppress(StoreError):
        urls = [each.broker_url.partition(";")[0] for each in services.store.collectors()]
        hosts = [host for url in urls if (host := urlsplit(url).hostname)]
        return hosts[-1] if hosts else services.name
    return services.name
