"""Second factors: turned on by a first code, each code once, recovery codes, several ledgers."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.clocks import SetWallClock
from umbel.auth.second_factor import SecondFactors
from umbel.auth.totp import STEP_S, code_of, step_at
from umbel.errors import StoreError, StoreUnwritable
from umbel.store.ledger import SecondFactor
from umbel.store.memory_ledger import MemoryLedger

NOW = 1_700_000_010.0


class Away(MemoryLedger):
    """A ledger that nobody can read or write while it is away."""

    is_away = False

    def second_factor(self, user: str) -> SecondFactor | None:
        self._must_be_there()
        return super().second_factor(user)

    def second_factors(self) -> tuple[SecondFactor, ...]:
        self._must_be_there()
        return super().second_factors()

    def keep_second_factor(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> bool:
        self._must_be_there()
        return super().keep_second_factor(factor, instead_of=instead_of)

    def drop_second_factor(self, user: str) -> bool:
        self._must_be_there()
        return super().drop_second_factor(user)

    def _must_be_there(self) -> None:
        if self.is_away:
            raise StoreUnwritable("The disk is away.")


class Authenticator:
    """What somebody has in their hand."""

    def __init__(self, secret: str, clock: SetWallClock) -> None:
        self._secret = base64.b32decode(secret)
        self._clock = clock

    def code(self, steps: int = 0) -> str:
        return code_of(self._secret, step_at(self._clock.now()) + steps)


@pytest.fixture
def clock() -> SetWallClock:
    return SetWallClock(NOW)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def factors(ledger: MemoryLedger, clock: SetWallClock) -> SecondFactors:
    return SecondFactors([ledger], clock)


def enrolled(factors: SecondFactors, clock: SetWallClock) -> tuple[Authenticator, tuple[str, ...]]:
    """Ann's authenticator and recovery codes, a minute after she turned it on."""
    begun = factors.begin("ann", "ann")
    assert begun is not None
    hand = Authenticator(begun.secret, clock)
    codes = factors.confirm("ann", hand.code())
    assert codes is not None
    clock.time += 2 * STEP_S
    return hand, codes


def test_it_is_on_once_a_first_code_was_shown(factors: SecondFactors, clock: SetWallClock) -> None:
    begun = factors.begin("ann", "ann (umbel.example)")
    assert begun is not None
    assert "umbel.example" in begun.address
    assert begun.secret not in repr(begun)
    hand = Authenticator(begun.secret, clock)

    assert factors.check("ann", hand.code()) is None
    assert factors.since("ann") is None
    assert factors.confirm("ann", "000000") is None
    codes = factors.confirm("ann", f" {hand.code()[:3]} {hand.code()[3:]} ")

    assert factors.since("ann") == NOW
    assert codes is not None
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert factors.confirm("ann", hand.code(1)) is None
    assert factors.begin("ann", "ann") is None


def test_a_code_is_taken_once(factors: SecondFactors, clock: SetWallClock) -> None:
    hand, _ = enrolled(factors, clock)
    code = hand.code()

    assert factors.check("ann", code) is not None
    assert factors.check("ann", code) is None
    assert factors.check("ann", hand.code(-1)) is None
    assert factors.check("ann", hand.code(1)) is not None
    assert factors.check("bob", hand.code(1)) is None


def test_the_code_that_turned_it_on_opens_nothing(
    factors: SecondFactors, clock: SetWallClock
) -> None:
    begun = factors.begin("ann", "ann")
    assert begun is not None
    code = Authenticator(begun.secret, clock).code()
    factors.confirm("ann", code)

    assert factors.check("ann", code) is None


def test_of_many_who_show_one_code_at_the_same_time_one_gets_in(
    ledger: MemoryLedger, clock: SetWallClock
) -> None:
    servers = [SecondFactors([ledger], clock) for _ in range(8)]
    hand, _ = enrolled(servers[0], clock)
    code = hand.code()

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda each: each.check("ann", code), servers))

    assert sum(found is not None for found in taken) == 1


def test_a_recovery_code_is_good_once_however_it_is_typed(
    ledger: MemoryLedger, factors: SecondFactors, clock: SetWallClock
) -> None:
    _, codes = enrolled(factors, clock)
    typed = codes[3].upper().replace("-", " ")

    found = factors.check("ann", typed)

    assert found is not None
    assert (found.kind, found.left) == ("recovery code", 9)
    assert factors.check("ann", codes[3]) is None
    assert factors.check("ann", codes[4]) is not None
    kept = ledger.second_factor("ann")
    assert kept is not None
    assert not set(kept.recovery) & {code.replace("-", "") for code in codes}


def test_a_recovery_code_of_somebody_else_is_nobodys(
    factors: SecondFactors, clock: SetWallClock, ledger: MemoryLedger
) -> None:
    _, codes = enrolled(factors, clock)
    kept = ledger.second_factor("ann")
    assert kept is not None
    bobs = SecondFactor(user="bob", secret=b"x" * 20, since=NOW, recovery=kept.recovery)
    ledger.keep_second_factor(bobs, instead_of=None)

    assert factors.check("bob", codes[0]) is None


def test_after_a_restore_from_a_copy_recovery_codes_are_all_that_is_good(
    factors: SecondFactors, clock: SetWallClock, ledger: MemoryLedger
) -> None:
    hand, codes = enrolled(factors, clock)
    kept = ledger.second_factor("ann")
    assert kept is not None
    without = SecondFactor(user="ann", secret=b"", since=kept.since, recovery=kept.recovery)
    ledger.keep_second_factor(without, instead_of=kept)

    assert factors.since("ann") is not None
    assert factors.check("ann", hand.code()) is None
    assert factors.check("ann", code_of(b"", step_at(clock.now()))) is None
    assert factors.check("ann", codes[0]) is not None


def test_turned_off_it_is_gone_and_another_can_begin(
    factors: SecondFactors, clock: SetWallClock
) -> None:
    hand, _ = enrolled(factors, clock)

    assert factors.remove("ann")

    assert factors.since("ann") is None
    assert factors.check("ann", hand.code()) is None
    assert not factors.remove("ann")
    assert factors.begin("ann", "ann") is not None


def test_no_ledger_of_several_is_a_way_around_it(clock: SetWallClock) -> None:
    first, second = Away(), MemoryLedger()
    factors = SecondFactors([first, second], clock)
    hand, codes = enrolled(factors, clock)
    factors.check("ann", codes[0])

    first.is_away = True

    assert factors.since("ann") is not None
    assert factors.check("ann", codes[0]) is None
    assert factors.check("ann", hand.code()) is not None
    first.is_away = False
    second.drop_second_factor("ann")
    SecondFactors([second, first], clock).spread()  # such as after another order of clusters
    assert second.second_factor("ann") == first.second_factor("ann")


def test_it_is_turned_on_and_off_in_all_ledgers_or_stays_as_it_is(clock: SetWallClock) -> None:
    first, second = MemoryLedger(), Away()
    factors = SecondFactors([first, second], clock)
    second.is_away = True
    with pytest.raises(StoreError):
        factors.begin("ann", "ann")
    assert factors.since("ann") is None

    second.is_away = False
    enrolled(factors, clock)
    second.is_away = True
    with pytest.raises(StoreError):
        factors.remove("ann")

    assert factors.since("ann") is not None


def test_what_was_taken_in_either_ledger_is_taken_in_both_after_a_start(
    clock: SetWallClock,
) -> None:
    first, second = Away(), Away()
    factors = SecondFactors([first, second], clock)
    hand, codes = enrolled(factors, clock)
    second.is_away = True
    factors.check("ann", codes[0])
    first.is_away, second.is_away = True, False
    factors.check("ann", codes[1])
    factors.check("ann", hand.code())

    first.is_away = False
    factors.spread()

    for code in (codes[0], codes[1], hand.code()):
        assert factors.check("ann", code) is None
    assert factors.check("ann", codes[2]) is not None
