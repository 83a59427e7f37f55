"""The settings of whoever runs the tests are not those of what is tested: with `UMBEL_SERVER`
exported, as somebody has who uses Umbel, commands of tests would act on that server."""

import os
from typing import Final

_OF_TESTS: Final = "UMBEL_TEST_"


def pytest_configure() -> None:
    """Forget variables of Umbel and Flower, in this process and in all that it starts."""
    for name in [*os.environ]:
        if name.startswith(("UMBEL_", "FLOWER_")) and not name.startswith(_OF_TESTS):
            del os.environ[name]
