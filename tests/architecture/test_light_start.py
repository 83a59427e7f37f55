"""A server that only shows the history does not load what reaches into the cluster."""

from __future__ import annotations

import subprocess
import sys


def test_the_web_application_is_there_without_celery() -> None:
    program = "import sys, umbel.app, umbel.web.app; print('celery' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("False\n", "")
