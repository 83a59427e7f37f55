"""The list of clusters that a server has, as it is shown: one row each, with its health."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from umbel.auth.base import Role
from umbel.errors import StoreError
from umbel.services.cluster_services import ClusterServices
from umbel.services.health.health import Pulse, Stored
from umbel.services.health.health_summary import HealthSummary, summary, unsummarized
from umbel.services.health.liveness import Liveness


class ClusterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster: its `name` in addresses, its `label` for people and its `colour` as the
    settings say (null: none), the `path` of its pages below the server's address (empty while
    there is one), the `role` that one has there, and how it is: how `live` its history is, and its
    `health` in one line."""

    name: str
    label: str
    colour: str | None
    path: str
    role: Role
    live: Liveness
    health: HealthSummary
    store: Stored
    rate: float


class Clusters(msgspec.Struct, frozen=True):
    """In the order of the settings."""

    items: tuple[ClusterRow, ...]


class Glance(msgspec.Struct, frozen=True):
    """What a row has of a cluster, whoever asks."""

    label: str
    pulse: Pulse
    health: HealthSummary


def glance_at(services: ClusterServices) -> Glance:
    """How a cluster is; of its health what is known, for which nobody waits."""
    pulse = services.health.glance()
    try:
        health = summary(services.health_findings.last_known(pulse.live), pulse.live)
    except StoreError as error:
        health = unsummarized(str(error), pulse.now)
    return Glance(label_of(services), pulse, health)


def unreadable(services: ClusterServices, error: StoreError) -> Glance:
    """The same of one that did not answer."""
    pulse = services.health.blind(error)
    label = services.label or services.name
    return Glance(label, pulse, unsummarized(str(error), pulse.now))


def cluster_row(services: ClusterServices, found: Glance, role: Role, *, path: str) -> ClusterRow:
    """A cluster, for somebody who has `role` there."""
    pulse = found.pulse
    return ClusterRow(
        name=services.name,
        label=found.label,
        colour=services.colour,
        path=path,
        role=role,
        live=pulse.live,
        health=found.health,
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
