"""Service links: the environment variables that Kubernetes sets in every container beside a
service."""

from __future__ import annotations

import re


def is_service_link(service: str, variable: str, value: str) -> bool:
    """Whether Kubernetes, not a person, set the variable: it announces a service called
    `umbel` as UMBEL_PORT=tcp://10.1.2.3:5555, UMBEL_SERVICE_HOST and the like."""
    if variable == f"{service}_PORT":
        return value.startswith(("tcp://", "udp://"))
    link = rf"{service}_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)"
    return re.fullmatch(link, variable) is not None
