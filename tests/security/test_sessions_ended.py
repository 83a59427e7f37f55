"""A logout is never undone, however often anybody logs out."""

from __future__ import annotations

from tests.support.clocks import SetClock
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.sessions import Sessions

KEY = b"k" * 32


def log_out(sessions: Sessions, user: str) -> str:
    cookie = sessions.begin(user, "stamp")
    session = sessions.read(cookie)
    assert session is not None
    sessions.end(session)
    return cookie


def test_logging_out_without_end_revives_nobodys_session() -> None:
    clock, ledger = SetClock(), MemoryLedger(ended_each=10)
    sessions = Sessions(KEY, 3_600, clock, ledger, ended_each=10)
    ended = [log_out(sessions, "ada"), log_out(sessions, "vera")]
    ada = sessions.begin("ada", "stamp")

    for _ in range(50):
        clock.time += 1
        ended.append(log_out(sessions, "vera"))
    clock.time += 1
    vera = sessions.begin("vera", "stamp")

    another = Sessions(KEY, 3_600, clock, ledger)
    for each in (sessions, another):
        assert [each.read(cookie) for cookie in ended] == [None] * len(ended)
        assert each.read(ada) is not None
        assert each.read(vera) is not None
