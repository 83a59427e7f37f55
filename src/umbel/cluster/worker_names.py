"""What the node name of a worker tells: its host, and the deployment whose pods come and go.

Orchestrators name what they start by a fixed part and one that varies: Kubernetes a Deployment's
pods `web-7d9f8b6c5-x2k4q`, those of a DaemonSet or Job `web-x2k4q`, of a StatefulSet `web-0`;
Docker a container by twelve hexadecimal digits. With a `*` for the varying part, pods that replaced
each other have one name. Kubernetes draws its letters from an alphabet without vowels
(k8s.io/apimachinery/pkg/util/rand), so words are seldom taken for them.
"""

from __future__ import annotations

import re
from typing import Final

_K8S: Final = "[bcdfghjklmnpqrstvwxz2456789]"
_VARYING: Final = (
    # A pod's name is as long as 63 characters allow: the hash may be cut at its end.
    re.compile(rf"(?<=[^-]-){_K8S}{{8,10}}-{_K8S}{{5}}$"),
    re.compile(rf"(?<=[^-]-){_K8S}{{5}}$"),
    re.compile(r"^[0-9a-f]{12}(?:[0-9a-f]{52})?$"),
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
    re.compile(r"(?:(?<=-)\d+(?:-\d+)*|\d+)$"),
)


def host_of(hostname: str) -> str:
    """`eu-1` of `celery@eu-1`; a name without a host is its own."""
    node, at, host = hostname.partition("@")
    return host if at and host else node


def deployment_of(hostname: str) -> str:
    """`celery@web-*` of `celery@web-7d9f8b6c5-x2k4q`; what does not vary stays as it is."""
    node, at, host = hostname.partition("@")
    if not at:
        return _pattern(node)
    label, dot, domain = host.partition(".")
    return f"{_pattern(node)}@{_pattern(label)}{dot}{domain}"


def _pattern(name: str) -> str:
    for varying in _VARYING:
        found = varying.sub("*", name)
        if found != name:
            return found
    return name
