"""Forms that clients of Flower's API send, and what else can be sent in their place."""

from __future__ import annotations

import pytest

from umbel.web.flower.arguments import arguments
from umbel.web.flower.forms import FIELDS_MAX, FORM_MAX
from umbel.web.flower.refusal import FlowerRefusal

KIND = "multipart/form-data; boundary=cut"


def part(value: bytes, head: bytes = b'Content-Disposition: form-data; name="n"') -> bytes:
    return b"--cut\r\n" + head + b"\r\n\r\n" + value + b"\r\n"


def read(*parts: bytes, kind: str = KIND) -> dict[str, object]:
    return arguments(b"", kind, b"".join(parts) + b"--cut--\r\n")


def test_what_curl_sends_is_read() -> None:
    body = (
        b"--------------------------d1\r\n"
        b'Content-Disposition: form-data; name="workername"\r\n\r\ncelery@a\r\n'
        b"--------------------------d1\r\n"
        b'Content-Disposition: form-data; name="n"\r\nContent-Type: text/plain\r\n\r\n3\r\n'
        b"--------------------------d1--\r\n"
    )

    found = arguments(b"x=1", "multipart/form-data; boundary=------------------------d1", body)

    assert found == {"x": "1", "workername": "celery@a", "n": "3"}


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Disposition: form-data; name="n"',
        b"content-disposition:form-data;name=n",
        b'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="n"',
        b'Content-Disposition: form-data; x="a;b\\"c"; NAME="n" ',
    ],
)
def test_the_head_of_a_part_names_the_field(head: bytes) -> None:
    assert read(part(b"a\r\n--cu\r\n\r\nb", head)) == {"n": "a\r\n--cu\r\n\r\nb"}


def test_names_may_hold_quotes_and_any_letters() -> None:
    assert read(part(b"\xc3\xa4", 'Content-Disposition: form-data; name="ä\\"b"'.encode())) == {
        'ä"b': "ä"
    }


def test_files_are_passed_over_as_flower_does() -> None:
    file = part(b"x", b'Content-Disposition: form-data; name="n"; filename="a"')

    assert read(file) == {}


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 71,
        "multipart/form-data; boundary=b\x80",
        "multipart/form-data; boundary=b" + "; name*2=c" * 90,
    ],
)
def test_without_a_boundary_nothing_is_found(kind: str) -> None:
    assert read(part(b"1"), kind=kind) == {}


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Disposition: form-data",
        b"Content-Disposition: form-data; filename=a",
        b'Content-Disposition: form-data; name="n',
        b"Content-Disposition: " + b"(" * 900,
        b"Content-Disposition: form-data" + b"; name*2=c" * 90,
    ],
)
def test_a_part_whose_name_cannot_be_read_is_passed_over(head: bytes) -> None:
    assert read(part(b"1", head)) == {}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b" + "; name*2=c" * 6_800, b"x"),
        (KIND, part(b"1", b"Content-Disposition: " + b"(" * 30_000)),
        (KIND, part(b"1") * (FIELDS_MAX + 1)),
        (KIND, part(b"\xff")),
        ("application/x-www-form-urlencoded", b"a=1&" * (FIELDS_MAX + 1)),
    ],
    ids=["long type", "long head", "many parts", "no text", "many fields"],
)
def test_what_is_too_much_is_refused_in_words(kind: str, body: bytes) -> None:
    with pytest.raises(FlowerRefusal, match="The arguments cannot be read") as caught:
        arguments(b"", kind, body)

    assert caught.value.status == 400


@pytest.mark.parametrize("kind", [KIND, "application/x-www-form-urlencoded"])
def test_a_large_form_is_refused_with_what_to_send_instead(kind: str) -> None:
    with pytest.raises(FlowerRefusal, match="as a JSON object") as caught:
        arguments(b"", kind, b"n" * (FORM_MAX + 1))

    assert caught.value.status == 413
