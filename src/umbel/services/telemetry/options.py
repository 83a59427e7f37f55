"""Where OpenTelemetry's signals are sent."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class OtlpOptions(msgspec.Struct, frozen=True):
    """The receiver's address and the headers that go with each request (see `OtlpSender`), and the
    name of the service that is told of."""

    endpoint: str
    headers: Mapping[str, str] = {}
    service: str = "celery"
