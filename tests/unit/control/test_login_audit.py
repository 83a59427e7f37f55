"""Those who come, go and are turned away stand in the audit, and cannot flood it."""

from __future__ import annotations

import pytest

from tests.support.clocks import SetClock
from umbel.auth.base import GRANTS, Actor
from umbel.errors import StoreUnwritable
from umbel.services.control.login_audit import BURST, EVERY_S, LoginAudit
from umbel.store.ledger import AuditEntry
from umbel.store.memory_ledger import MemoryLedger

ANA = Actor(name="ana", address="10.0.0.7", via="browser", permissions=GRANTS["viewer"])


class Book:
    """A ledger with its visits, and how often it was tidied."""

    def __init__(self, ledger: MemoryLedger | None = None) -> None:
        self.clock = SetClock()
        self.ledger = ledger or MemoryLedger()
        self.tidied = 0
        self.login_audit = LoginAudit(self.ledger, self.clock, self._tidy)

    def _tidy(self) -> None:
        self.tidied += 1

    def lines(self, limit: int = 1_000) -> tuple[AuditEntry, ...]:
        return self.ledger.audit(limit=limit).items


def test_coming_and_going_are_told_with_who_from_where_and_when() -> None:
    book = Book()

    book.login_audit.logged_in(ANA)
    book.login_audit.logged_out(ANA)

    logged_out, logged_in = book.lines()
    assert (logged_in.action, logged_in.outcome, logged_in.count, logged_in.answer) == (
        "login",
        "done",
        None,
        None,
    )
    assert (logged_in.actor, logged_in.address, logged_in.via, logged_in.at) == (
        "ana",
        "10.0.0.7",
        "browser",
        1_000.0,
    )
    assert (logged_out.action, logged_out.outcome) == ("logout", "done")
    assert book.tidied == 2


def test_a_wrong_password_is_told_with_the_name_that_was_tried_but_not_as_its_deed() -> None:
    book = Book()

    book.login_audit.password_refused(ANA, "otto", "The name or the password is wrong.")

    (line,) = book.lines()
    assert (line.actor, line.action, line.target) == ("anonymous", "login", 'the name "otto"')
    assert (line.outcome, line.count) == ("refused", 1)
    assert line.answer == "The name or the password is wrong."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\0", "a\\nb\\x00"),
        ("\u202eana", "\\u202eana"),
        ("zoë 日本", "zoë 日本"),
        ("n" * 1_000, "n" * 99 + "…"),
    ],
)
def test_a_name_that_was_tried_is_one_short_line_of_printable_text(name: str, told: str) -> None:
    book = Book()

    book.login_audit.password_refused(ANA, name, "Wrong.")

    assert book.lines()[0].target == f'the name "{told}"'


def test_a_flood_is_counted_and_does_not_fill_the_audit() -> None:
    book = Book()

    for number in range(50_000):
        book.login_audit.password_refused(ANA, f"n{number}", "Wrong.")
    lines = book.lines()
    book.clock.time += EVERY_S
    book.login_audit.password_refused(ANA, "last", "Wrong.")

    assert len(lines) == BURST
    last, *before = book.lines()
    assert len(before) == BURST
    assert last.count == 50_001 - BURST
    assert last.answer == f"Wrong. {50_000 - BURST:,} more like it came before."
    assert sum(line.count or 0 for line in book.lines()) == 50_001


def test_a_flood_of_one_kind_hides_no_other() -> None:
    book = Book()
    for _ in range(BURST + 1):
        book.login_audit.password_refused(ANA, "otto", "Wrong.")

    book.login_audit.permission_refused(ANA, "shutdown", "ana may not shutdown.")
    book.login_audit.logged_in(ANA)

    logged_in, permission_refused = book.lines(2)
    assert (logged_in.action, permission_refused.action) == ("login", "refused")
    assert (permission_refused.actor, permission_refused.target, permission_refused.outcome) == (
        "ana",
        "shutdown",
        "refused",
    )


def test_a_token_that_lets_nobody_in_is_told_by_its_name_alone() -> None:
    book = Book()

    book.login_audit.token_refused(ANA, "ci-deploy", "It is revoked.")
    book.login_audit.token_refused(ANA, None, "It is none.")

    nameless, named = book.lines()
    assert (named.actor, named.action, named.outcome) == ("anonymous", "login", "refused")
    assert (named.target, named.count) == ('the token "ci-deploy"', 1)
    assert named.answer == "It is revoked."
    assert nameless.target == "a token"


def test_wrong_tokens_without_end_write_an_end_of_lines_and_hide_no_wrong_password() -> None:
    book = Book()
    for _ in range(50_000):
        book.login_audit.token_refused(ANA, "ci", "It is revoked.")

    book.login_audit.password_refused(ANA, "otto", "Wrong.")

    assert len(book.lines()) == BURST + 1
    assert book.lines()[0].target == 'the name "otto"'


def test_a_ledger_that_cannot_be_written_keeps_nobody_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Full(MemoryLedger):
        def record(self, entry: AuditEntry) -> int:
            raise StoreUnwritable(f"The disk is full at {entry.at}.")

    Book(Full()).login_audit.logged_in(ANA)

    assert "A login is not in the audit: The disk is full" in caplog.text
