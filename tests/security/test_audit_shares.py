"""Nobody's refusals hide those of others in the audit, and each of them is counted."""

from __future__ import annotations

import msgspec

from tests.unit.control.test_login_audit import ANA, Book
from umbel.services.control.login_audit import BURST, EVERY_S, STRANGERS

OTTO = msgspec.structs.replace(ANA, name="otto", address="10.0.0.8")


def test_refusals_of_one_person_hide_none_of_another() -> None:
    book = Book()
    for _ in range(BURST + 30):
        book.login_audit.permission_refused(ANA, "revoke", "ana may not revoke.")

    book.login_audit.permission_refused(OTTO, "shutdown", "otto may not shutdown.")

    last = book.lines(1)[0]
    assert (last.actor, last.target) == ("otto", "shutdown")


def test_wrong_passwords_from_one_address_hide_none_from_another() -> None:
    book = Book()
    for _ in range(BURST + 30):
        book.login_audit.password_refused(ANA, "otto", "Wrong.")

    book.login_audit.password_refused(OTTO, "ada", "Wrong.")

    assert book.lines(1)[0].target == 'the name "ada"'


def test_what_was_not_written_one_by_one_is_told_as_a_sum_when_it_is_over() -> None:
    book = Book()
    for _ in range(BURST + 30):
        book.login_audit.permission_refused(ANA, "revoke", "ana may not revoke.")
    book.clock.time += EVERY_S

    book.login_audit.settle()
    book.login_audit.settle()

    assert len(book.lines()) == BURST + 1
    total = book.lines(1)[0]
    assert (total.actor, total.target, total.count) == ("ana", "revoke", 30)
    assert total.answer == "30 like this one came, which were not written one by one."


def test_strangers_from_ever_new_addresses_write_an_end_of_lines() -> None:
    book = Book()

    for number in range(3 * STRANGERS):
        nobody = msgspec.structs.replace(ANA, address=f"10.{number // 250}.{number % 250}.1")
        book.login_audit.password_refused(nobody, "otto", "Wrong.")

    assert len(book.lines(5_000)) == STRANGERS
