"""Time zones by their names in the IANA database, such as Europe/Berlin."""

from __future__ import annotations

from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from umbel.errors import ZoneUnknown


def zone_of(name: str) -> tzinfo:
    """The zone of that name. Raises `ZoneUnknown`."""
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _unknown(name) from error


def _unknown(name: str) -> ZoneUnknown:
    if not _has_zones():
        return ZoneUnknown(
            "This machine knows no time zones but UTC.",
            remedy="Install its package tzdata, or the Python package tzdata.",
        )
    return ZoneUnknown(
        f"There is no time zone {name[:60]!r}.",
        remedy="Name one as the IANA database does, such as Europe/Berlin, or UTC.",
    )


@cache
def _has_zones() -> bool:
    """Looked for once: it takes a tenth of a second."""
    return bool(available_timezones())
