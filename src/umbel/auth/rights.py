"""Rights: what the rules give somebody of a provider in each cluster, and a digest of it.

The digest stands in the session of a login. It leaves out which rule gave what, so that a new rule
above, or another group with the same role, ends nobody's session.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from umbel.auth.claims import Claims
from umbel.auth.grants import GRANTS, Grant
from umbel.auth.rules import Decision, Rule, decide

#: How many answers are remembered; claims can have thousands of groups.
_REMEMBERED: Final = 500


class Rights(msgspec.Struct, frozen=True):
    """What somebody has in each cluster, by its name, and the digest of it."""

    by_cluster: dict[str, Decision]
    digest: str

    @property
    def clusters(self) -> tuple[str, ...]:
        """Those in which they have a role."""
        return tuple(name for name, each in self.by_cluster.items() if each.grants)

    def of(self, cluster: str) -> tuple[Grant, ...]:
        """What they have in one cluster; of the server as a whole (""), the least that they have
        in any where they have something."""
        if cluster:
            found = self.by_cluster.get(cluster)
            return found.grants if found else ()
        whole = [each.grants[0] for each in self.by_cluster.values() if each.grants]
        return (min(whole, key=lambda each: len(GRANTS[each.role])),) if whole else ()


class RuleBook:
    """The rules of the settings and the clusters that they are asked for. Any thread."""

    def __init__(self, rules: Iterable[Rule], clusters: Iterable[str]) -> None:
        self.rules = tuple(rules)
        self._clusters = tuple(clusters)
        self._found: OrderedDict[bytes, Rights] = OrderedDict()
        self._lock = threading.Lock()

    def rights(self, provider: str, claims: Claims) -> Rights:
        """What they give somebody of this provider with these claims."""
        decisions = {name: decide(self.rules, provider, claims, name) for name in self._clusters}
        return Rights(decisions, _digest(decisions))

    def rights_of_json(self, provider: str, claims: bytes) -> Rights:
        """The same of claims as JSON, remembered: they are asked for with every request."""
        key = hashlib.sha256(provider.encode() + b"\0" + claims).digest()
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
                return found
        found = self.rights(provider, msgspec.json.decode(claims, type=dict[str, object]))
        with self._lock:
            self._found[key] = found
            while len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        return found


def _digest(decisions: Mapping[str, Decision]) -> str:
    granted = [
        (name, [(each.role, each.name, each.queue) for each in decision.grants])
        for name, decision in sorted(decisions.items())
    ]
    return hashlib.sha256(msgspec.json.encode(granted)).hexdigest()[:32]
