"""Who may log in, as settings name them."""

from __future__ import annotations

import pytest

from umbel.auth.people import everybody, parse_person


def test_whom_flowers_list_names_may_do_everything() -> None:
    person = parse_person("ana:pa:ss", with_role=False)

    assert (person.name, person.role) == ("ana", "admin")
    assert person.password.verify("pa:ss")


def test_a_user_has_the_role_that_is_written() -> None:
    person = parse_person("bob:viewer:pa:ss", with_role=True)

    assert (person.name, person.role) == ("bob", "viewer")
    assert person.password.verify("pa:ss")


@pytest.mark.parametrize(
    ("entry", "with_role"),
    [
        ("hunter2", False),
        (":hunter2", False),
        ("ana:", False),
        ("\x1b[31m:hunter2", False),
        ("ana:hunter2,bob:x", False),
        ("ana:hunter2", True),
        ("ana:root:hunter2", True),
        ("ana:scrypt.hunter2", False),
        ("a" * 101 + ":hunter2", False),
    ],
)
def test_a_wrong_entry_is_refused_without_telling_the_password(entry: str, with_role: bool) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_person(entry, with_role=with_role)

    assert "hunter2" not in str(caught.value)


def test_a_name_is_nobody_elses() -> None:
    assert set(everybody(["ana:x"], ["bob:viewer:y"])) == {"ana", "bob"}
    with pytest.raises(ValueError, match="ana is named more than once"):
        everybody(["ana:x"], ["ana:viewer:y"])
