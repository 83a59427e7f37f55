"""Certificates for servers of tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.services import absent


def make_certificate(directory: Path, *hosts: str) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and these names that signs itself, and its key."""
    if shutil.which("openssl") is None:
        absent("The command openssl", "it is not installed")
    certificate, key = directory / "cert.pem", directory / "key.pem"
    names = ",".join(("IP:127.0.0.1", *(f"DNS:{each}" for each in hosts)))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", f"subjectAltName={names}",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key
