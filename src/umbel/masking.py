"""Addresses of brokers and result backends as people may see them: every secret masked."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "***"
# Greedy up to the last @ of a URL: a password may itself hold one, and masking too much
# does no harm.
_PASSWORD: Final = re.compile(r"(://[^:/@\s;]*):[^\s;]*@")
_SECRET: Final = re.compile(
    r"(?i)\b((?:\w*password|passwd|\w*secret|\w*token|\w*(?:account|access)_?key|\w*key_?file)=)"
    r"[^&;\s]+"
)


def mask(text: str) -> str:
    """`text` (a URL, several joined by `;`, or a sentence that holds one) without secrets."""
    return _SECRET.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", text))
