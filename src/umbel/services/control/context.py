"""What every part of control works with: one value instead of eight constructor arguments."""

from __future__ import annotations

import msgspec

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.redact.rules import USUAL, Redactor
from umbel.results.base import ResultBackend
from umbel.services.cluster.inspection import Inspection
from umbel.services.search.search import Search
from umbel.store.base import Store
from umbel.store.ledger import Ledger


class ActionContext(msgspec.Struct, frozen=True, kw_only=True):
    """One cluster: its history and how it is searched, its ledger, the broker, the result backend,
    the workers as they answer questions, and what is not to be seen of arguments and results."""

    store: Store
    search: Search
    ledger: Ledger
    cluster: Cluster
    results: ResultBackend
    workers: Inspection
    clock: Clock
    redactor: Redactor = USUAL
