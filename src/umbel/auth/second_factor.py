"""The second factor of people with passwords: codes of an authenticator, and recovery codes.

A code is taken once: the ledger remembers the step of the newest, by compare-and-swap, so that of
two servers that are shown one code at the same time one takes it. Recovery codes are random (80
bits), so nobody can guess them and a plain hash is enough; each is good once.

With several clusters each ledger has every factor, as it has every logout: which ledger is asked
first depends on which can be read, and none may be a way around the second factor. So it is turned
on only where all can be written, and off in the others first.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeVar

import msgspec

from umbel.auth import totp
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.store.ledger import Ledger, SecondFactor

RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
#: Their length in base32.
_RECOVERY_LENGTH: Final = 16
#: How often a factor that changed meanwhile is read again.
_ATTEMPTS: Final = 10
T = TypeVar("T")


class Enrolment(msgspec.Struct, frozen=True):
    """What an authenticator is given, once: the `secret` to type, and its `address`
    (`otpauth://`) to scan."""

    secret: str
    address: str

    def __repr__(self) -> str:
        return "Enrolment(<hidden>)"


class ShownFactor(msgspec.Struct, frozen=True):
    """What a person showed that was right, and how many recovery codes are left."""

    kind: Literal["code", "recovery code"]
    left: int


class SecondFactors:
    """The second factors that `ledgers` have; the first of them that can be read is asked. Any
    thread. Raises `StoreError` where none can be, and where a change cannot be kept."""

    def __init__(self, ledgers: Sequence[Ledger], clock: Clock) -> None:
        self._ledgers = tuple(ledgers)
        self._clock = clock

    def since(self, user: str) -> float | None:
        """Since when this person has one, Unix seconds; None without."""
        factor = self._read(lambda ledger: ledger.second_factor(user))
        return None if factor is None else factor.since

    def begin(self, user: str, account: str) -> Enrolment | None:
        """A new secret for the authenticator of somebody, which calls it `account`. It is asked for
        once `confirm` was shown a code. None if they have a second factor already."""
        if self.since(user) is not None:
            return None
        new = SecondFactor(user=user, secret=totp.new_secret())
        for ledger in self._ledgers:
            before = ledger.second_factor(user)
            if not ledger.keep_second_factor(new, instead_of=before):
                raise StoreError("Somebody began the same elsewhere just now. Begin again.")
        return Enrolment(totp.written(new.secret), totp.address(new.secret, account))

    def confirm(self, user: str, code: str) -> tuple[str, ...] | None:
        """Turn on what was begun, if this is a code of it: the recovery codes, told this once.
        None for a wrong code, and where nothing was begun."""
        codes = tuple(_new_recovery() for _ in range(RECOVERY_CODES))
        hashes = tuple(_hash(user, code) for code in codes)

        def confirmed(factor: SecondFactor) -> tuple[SecondFactor, tuple[str, ...]] | None:
            now = self._clock.now()
            step = totp.fitting_step(factor.secret, _joined(code), now, after=factor.last_step)
            if factor.since is not None or step is None:
                return None
            on = msgspec.structs.replace(factor, since=now, last_step=step, recovery=hashes)
            return on, codes

        return self._change(user, confirmed)

    def check(self, user: str, shown: str) -> ShownFactor | None:
        """Take a code, or a recovery code, which is good for nothing after that; None for a wrong
        one."""

        def taken(factor: SecondFactor) -> tuple[SecondFactor, ShownFactor] | None:
            if factor.since is None:
                return None
            text, now = _joined(shown), self._clock.now()
            step = totp.fitting_step(factor.secret, text, now, after=factor.last_step)
            if step is not None:
                used = msgspec.structs.replace(factor, last_step=step)
                return used, ShownFactor("code", len(factor.recovery))
            spent = _hash(user, text)
            left = tuple(each for each in factor.recovery if each != spent)
            if len(left) == len(factor.recovery):
                return None
            used = msgspec.structs.replace(factor, recovery=left)
            return used, ShownFactor("recovery code", len(left))

        return self._change(user, taken)

    def remove(self, user: str) -> bool:
        """Turn it off, without a code; whether there was one. The ledger that is asked first is the
        last to forget it, so that a failure leaves it on."""
        dropped = [ledger.drop_second_factor(user) for ledger in reversed(self._ledgers)]
        return any(dropped)

    def spread(self) -> None:
        """Give each ledger what the others have: one may be new, or have been away."""
        if len(self._ledgers) < 2:
            return
        newest: dict[str, SecondFactor] = {}
        for ledger in self._ledgers:
            with suppress(StoreError):
                for factor in ledger.second_factors():
                    if factor.since is not None:
                        newest[factor.user] = _merged(newest.get(factor.user), factor)
        for factor in newest.values():
            self._copy(factor, self._ledgers)

    def _read(self, reading: Callable[[Ledger], T]) -> T:
        error: StoreError | None = None
        for ledger in self._ledgers:
            try:
                return reading(ledger)
            except StoreError as found:
                error = error or found
        raise error or StoreError("There is no ledger.")

    def _change(
        self, user: str, changed: Callable[[SecondFactor], tuple[SecondFactor, T] | None]
    ) -> T | None:
        """Replace the factor by what `changed` makes of it, unless that is None, and give the rest
        of what it made."""
        for _ in range(_ATTEMPTS):
            ledger, factor = self._read(lambda each: (each, each.second_factor(user)))
            found = None if factor is None else changed(factor)
            if found is None:
                return None
            new, answer = found
            if ledger.keep_second_factor(new, instead_of=factor):
                self._copy(new, [each for each in self._ledgers if each is not ledger])
                return answer
        raise StoreError("The second factor is used by too many at once. Try again.")

    @staticmethod
    def _copy(factor: SecondFactor, ledgers: Sequence[Ledger]) -> None:
        for ledger in ledgers:
            with suppress(StoreError):
                before = ledger.second_factor(factor.user)
                is_on = before is not None and before.since is not None
                # What was taken here meanwhile stays taken.
                new = _merged(before, factor) if is_on else factor
                if before != new:
                    ledger.keep_second_factor(new, instead_of=before)


def is_recovery_code(shown: str) -> bool:
    """Whether it may be a recovery code, and so none of the codes that can be guessed."""
    return len(_joined(shown)) == _RECOVERY_LENGTH


def _merged(one: SecondFactor | None, other: SecondFactor) -> SecondFactor:
    """The newer of two; of the same what was taken in either."""
    if one is None:
        return other
    if one.secret != other.secret or one.since != other.since:
        return max(one, other, key=lambda each: (each.since or 0.0, len(each.secret)))
    return msgspec.structs.replace(
        one,
        last_step=max(one.last_step, other.last_step),
        recovery=tuple(each for each in one.recovery if each in other.recovery),
    )


def _new_recovery() -> str:
    """As people write it down: `k3fa-qz2m-...`."""
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _joined(shown: str) -> str:
    """What somebody typed, without what only parts it."""
    return "".join(shown.split()).replace("-", "").lower()


def _hash(user: str, code: str) -> str:
    text = f"{len(user)}:{user}{_joined(code)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
