"""The facts that the doctor's checks look at: one frozen value, of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from umbel.broker.base import BrokerMemory
from umbel.services.health.diagnosis import Diagnosis
from umbel.services.health.facts import HealthFacts
from umbel.services.health.health import Status
from umbel.services.health.health_finding import HealthFinding

#: What is looked at apart from the rest: what health knows, the broker's abilities, answers of
#: workers, tasks in the history, and the result backend.
Part = Literal["health", "broker", "workers", "tasks", "results"]


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """How this server is reached: its `address`, whether that is of this machine alone, whether it
    asks for a login, has a certificate, and which proxies it believes."""

    address: str
    on_loopback: bool
    has_login: bool
    has_tls: bool
    proxies: tuple[str, ...] = ()


class BrokerFact(msgspec.Struct, frozen=True, kw_only=True):
    """The broker: its `url` without secrets, its `transport`, a sentence for each thing that it
    cannot tell (`missing`), and how it makes room where it keeps messages in `memory` (None: it
    does not, or does not tell)."""

    url: str
    transport: str
    missing: Mapping[str, str] = {}
    memory: BrokerMemory | None = None


class WorkerAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """What workers that are online said when they were asked: configuration (secrets masked) and
    registered task names by worker; those that are `silent` did not answer; `unheard` are
    these and those that fell silent of late, which are dead or busy. `unread` says why answers that
    name nobody could not be read, `trouble` why nobody could be asked. `pools` are the modules of
    the pools of those whose Celery is too old to tell of threads without loss."""

    confs: Mapping[str, Mapping[str, Any]] = {}
    registered: Mapping[str, frozenset[str]] = {}
    pools: Mapping[str, str] = {}
    silent: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    trouble: str = ""


class TaskUse(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks of the last day: how many there were by `names` (`names_complete`: all of them), how
    many of the last ones were looked at for a `task-sent` event and how many had one, how many wait
    for an ETA that is further off than the visibility timeout, and how many were `lost` with the
    worker that ran them."""

    names: Mapping[str, int] = {}
    names_complete: bool = True
    looked_at: int = 0
    sent: int = 0
    far_eta: int = 0
    lost: int = 0


class ResultFact(msgspec.Struct, frozen=True, kw_only=True):
    """The result backend that Umbel reads: its `url` without secrets, and why it cannot be read
    (empty: it can)."""

    url: str = ""
    trouble: str = ""


class HealthPart(msgspec.Struct, frozen=True, kw_only=True):
    """What health knows. `facts` is None where they took too long, and then `quick` is what could
    be known without them; `findings` are the open ones of either."""

    status: Status
    diagnosis: Diagnosis
    facts: HealthFacts | None = None
    quick: HealthFacts | None = None
    findings: tuple[HealthFinding, ...] = ()


class DoctorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; its oldest part is of `now` (Unix seconds). `health` is None where its facts
    took too long, and then `quick` has the storage and beat; `findings` are the open ones of
    health. A part that was not wanted is empty."""

    now: float
    status: Status
    diagnosis: Diagnosis
    broker: BrokerFact = BrokerFact(url="", transport="none")
    workers: WorkerAnswers = WorkerAnswers()
    tasks: TaskUse = TaskUse()
    results: ResultFact = ResultFact()
    health: HealthFacts | None = None
    quick: HealthFacts | None = None
    findings: tuple[HealthFinding, ...] = ()
    exposure: Exposure | None = None
