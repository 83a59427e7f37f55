"""Is the history whole, is there room for it, and who can reach this server?"""

from __future__ import annotations

from typing import Final

from umbel.services.doctor.checks.base import found_by, of_health, ungathered
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shown, unknown, well
from umbel.services.phrases import number

#: Less of a disk than this free is told.
FREE_SHARE: Final = 0.1
_GB: Final = 1e9


def disk_room(facts: DoctorFacts) -> CheckAnswer:
    """The history has bounds, and room below them."""
    found = found_by(facts, "store-near-its-bound", "store-damaged")
    if found:
        return of_health(found)
    known = facts.health or facts.quick
    if known is None:
        return ungathered()
    stored = known.storage
    size = f"{number(stored.tasks, 'task')} in {stored.size_bytes / _GB:,.2f} GB"
    if stored.free_bytes is None or not stored.disk_bytes:
        return well(f"{size}.", cannot="How much room its disk has.")
    free = f"{stored.free_bytes / _GB:,.1f} of {stored.disk_bytes / _GB:,.1f} GB are free"
    if stored.free_bytes < FREE_SHARE * stored.disk_bytes:
        return CheckAnswer(
            verdict="advice",
            finding=f"The disk of the history is nearly full: {free}.",
            evidence=(size,),
            why="A full disk stops writing, and what comes on Redis meanwhile is lost.",
            fix=DoctorFix(text='[retention]\nmax_size = "2GB"\nmax_age = "7d"', where="umbel.toml"),
        )
    return well(f"{size}; {free}.")


def server_access(facts: DoctorFacts) -> CheckAnswer:
    """Nobody reaches this server who should not."""
    given = facts.exposure
    if given is None:
        return unknown(
            "How this server is reached is not known here.",
            "It is known to the server itself: ask it, not its data directory.",
        )
    where = f"It listens on {given.address}."
    if given.on_loopback:
        return well("This server is reached from its own machine alone.", evidence=[where])
    if not given.has_login:
        return CheckAnswer(
            verdict="fault",
            finding="Whoever reaches this server may do everything: it asks nobody for a login.",
            evidence=(where,),
            why="Tasks can be read, sent and revoked, and queues emptied, by everybody in the "
            "network, in your name.",
            fix=DoctorFix(
                text='[auth]\nusers = ["ann:admin:PASSWORD"]  # or a provider: docs/logins',
                where="umbel.toml",
            ),
        )
    if not given.has_tls and not given.proxies:
        return CheckAnswer(
            verdict="advice",
            finding="Passwords and sessions come over an unencrypted connection.",
            evidence=shown([where, "It has no certificate, and no proxy is trusted."]),
            why="Whoever sees the traffic has the session of whoever logs in.",
            fix=DoctorFix(
                text='tls_cert = "/etc/ssl/umbel.pem"\ntls_key = "/etc/ssl/umbel.key"',
                where="umbel.toml",
            ),
            cannot="Whether a proxy with a certificate stands before it: say so with "
            "trusted_proxies.",
        )
    return well("A login is asked for, over an encrypted connection or through a proxy.",
                evidence=[where])  # fmt: skip


def software_here(facts: DoctorFacts) -> CheckAnswer:
    """What runs here."""
    found = facts.diagnosis.versions
    libraries = [f"{name} {version}" for name, version in found.libraries.items() if version]
    return well(f"Umbel {found.umbel} on Python {found.python}.",
                evidence=[", ".join(libraries)])  # fmt: skip
