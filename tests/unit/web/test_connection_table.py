"""Who makes room for whom."""

from __future__ import annotations

from umbel.web.serving.connection_table import ConnectionTable


class Told:
    """A connection that remembers whether it was ended."""

    def __init__(self, table: ConnectionTable, client: str | None = None) -> None:
        self.ended = False
        self.entered = table.enter(self, client)

    def end(self) -> None:
        self.ended = True


def test_the_longest_waiting_makes_room_and_only_once() -> None:
    table = ConnectionTable(most=2, share=2)
    first, second = Told(table), Told(table)

    third, fourth = Told(table), Told(table)

    assert (first.ended, second.ended) == (True, True)
    assert (third.entered, third.ended, fourth.entered, fourth.ended) == (True, False, True, False)
    assert len(table) == 2


def test_who_is_being_answered_is_not_ended_and_may_wait_again() -> None:
    table = ConnectionTable(most=2, share=2)
    answered, waiting = Told(table), Told(table)
    table.work(answered)

    Told(table)
    assert (answered.ended, waiting.ended) == (False, True)

    table.wait(answered)
    Told(table)
    Told(table)
    assert answered.ended


def test_who_says_something_has_waited_less_than_who_says_nothing() -> None:
    table = ConnectionTable(most=2, share=2)
    talking, silent = Told(table), Told(table)

    table.wait(talking)
    Told(table)

    assert (talking.ended, silent.ended) == (False, True)


def test_when_all_are_being_answered_there_is_no_room() -> None:
    table = ConnectionTable(most=1, share=1)
    table.work(Told(table))

    assert not Told(table).entered
    assert not table.make_room()


def test_one_client_ends_its_own_connections_beyond_its_share() -> None:
    table = ConnectionTable(most=4, share=2)
    other = Told(table, "203.0.113.1")

    many = [Told(table, "203.0.113.9") for _ in range(10)]

    assert not other.ended
    assert [each.ended for each in many] == [True] * 8 + [False] * 2
    assert len(table) == 3


def test_beyond_its_share_a_client_that_is_being_answered_gets_no_more() -> None:
    table = ConnectionTable(most=4, share=1)
    table.work(Told(table, "203.0.113.9"))

    assert not Told(table, "203.0.113.9").entered
    assert Told(table, "203.0.113.1").entered


def test_those_behind_a_proxy_have_no_share_and_make_room_too() -> None:
    table = ConnectionTable(most=3, share=1)
    many = [Told(table, None) for _ in range(3)]

    new = Told(table, "203.0.113.9")

    assert new.entered
    assert [each.ended for each in many] == [True, False, False]


def test_who_left_is_forgotten() -> None:
    table = ConnectionTable(most=2, share=1)
    left = Told(table, "203.0.113.9")

    table.leave(left)
    table.leave(left)
    table.wait(left)

    assert len(table) == 0
    assert Told(table, "203.0.113.9").entered
    assert not left.ended
