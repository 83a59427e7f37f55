"""What counts as one client, and what happens when files run out."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from umbel.web.serving.listener import client_of

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("::ffff:203.0.113.9", 1, 0, 0), "203.0.113.9"),
        (("2001:db8:1:2:3:4:5:6", 1, 0, 0), "2001:db8:1:2::"),
        (("2001:db8:1:2:ffff::1", 1, 0, 0), "2001:db8:1:2::"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::"),
    ],
)
def test_a_client_is_an_address_of_ipv4_or_a_network_of_ipv6(
    address: tuple[object, ...], client: str
) -> None:
    assert client_of(address, PROXIES) == client


@pytest.mark.parametrize(
    "address",
    ["", ("127.0.0.1", 1), ("::1", 1, 0, 0), ("10.1.2.3", 1), ("::ffff:10.1.2.3", 1, 0, 0),
     ("fd00::7", 1, 0, 0)],
)  # fmt: skip
def test_behind_proxies_this_machine_and_unix_sockets_are_many_people(address: object) -> None:
    assert client_of(address, PROXIES) is None
