"""No secret of an address is ever shown."""

import pytest

from umbel.broker.urls import mask


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:pw@host/0", "redis://:***@host/0"),
        ("amqp://guest:guest@host:5672//", "amqp://guest:***@host:5672//"),
        ("amqp://u:p@ss:w/rd@host//", "amqp://u:***@host//"),
        (
            "sentinel://:a@one:1/0;sentinel://:b@two:2/0",
            "sentinel://:***@one:1/0;sentinel://:***@two:2/0",
        ),
        ("redis://host/0?password=x&db=1", "redis://host/0?password=***&db=1"),
        ("amqp://user@host//", "amqp://user@host//"),
        ("cannot reach amqp://u:p@host: refused", "cannot reach amqp://u:***@host: refused"),
    ],
)
def test_passwords_are_masked_wherever_they_stand(address: str, shown: str) -> None:
    assert mask(address) == shown
