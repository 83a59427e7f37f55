"""The doctor's facts part by part, so that one check is looked at again without the others.

Theory of operation. Each part is looked at by the first who needs it, once for all who wait, and is
good for some seconds. Whoever wants it newer has it forgotten, where it is older than that, with
what lies beneath it; all others then get the newer one as well, so no page goes back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec

from umbel.clock import Clock
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.doctor.facts import DoctorFacts, Part
from umbel.services.doctor.sources import GATHER, DoctorSources, forget

PARTS: Final[tuple[Part, ...]] = get_args(Part)
#: What was looked at is good for so long for others who ask, seconds.
FRESH_S: Final = 15.0


class _Dated(msgspec.Struct, frozen=True):
    at: float
    value: Any


class DoctorParts:
    """Any thread."""

    def __init__(self, sources: DoctorSources, clock: Clock) -> None:
        self._sources = sources
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[Part, SharedCalls[_Dated]] = {
            part: SharedCalls(clock, FRESH_S) for part in PARTS
        }

    def facts(self, parts: Iterable[Part] = PARTS) -> DoctorFacts:
        """These parts, and what health knows anyway. Raises `StoreError`."""
        wanted: frozenset[Part] = frozenset({*parts, "health"})
        found = {part: self._part(part) for part in PARTS if part in wanted}
        oldest = min(each.at for each in found.values())
        health = found.pop("health").value
        return DoctorFacts(
            now=oldest,
            status=health.status,
            diagnosis=health.diagnosis,
            health=health.facts,
            quick=health.quick,
            findings=health.findings,
            exposure=self._sources.exposure,
            **{part: each.value for part, each in found.items()},
        )

    def renew(self, fresh_s: float, parts: Iterable[Part] = PARTS) -> None:
        """Forget those of these parts that are older than that."""
        with self._lock:
            now = self._clock.now()
            for part in parts:
                known = self._calls[part].cached(None)
                if known is not None and now - known.at > fresh_s:
                    forget(self._sources, part)
                    self._calls[part].clear()

    def _part(self, part: Part) -> _Dated:
        def dated() -> _Dated:
            at = self._clock.now()
            return _Dated(at, GATHER[part](self._sources))

        return self._calls[part].ask(None, dated)
