"""The settings of whoever runs the tests are not those of what is tested: with `UMBEL_SERVER`
exported, as somebody has who uses Umbel, commands of tests would act on that server."""

import os
import signal
from typing import Final

_OF_TESTS: Final = "UMBEL_TEST_"


def pytest_configure() -> None:
    """Forget variables of Umbel and Flower, in this process and in all that it starts."""
    for name in [*os.environ]:
        if name.startswith(("UMBEL_", "FLOWER_")) and not name.startswith(_OF_TESTS):
            del os.environ[name]
    # What a shell runs in the background ignores Ctrl-C, and so would all that tests send it to.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
