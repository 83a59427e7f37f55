"""Which keys of dictionaries, and names of keyword arguments, hold what must not be seen.

Patterns are names with `*` and `?`. Case and separators do not count: `api_key`, `apiKey`,
`X-API-Key` and `apikey` are one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from string import ascii_lowercase, ascii_uppercase
from typing import Final

#: The word for `DEFAULT_KEYS` among patterns.
DEFAULT: Final = "default"
#: The usual secrets, as error trackers leave them out.
DEFAULT_KEYS: Final = (
    "*password*", "*passwd*", "*passphrase*", "pwd", "*pwd", "*secret*", "*token", "*credential*",
    "*apikey*", "*accesskey*", "*privatekey*", "*authorization*", "auth", "*cookie*", "session",
    "sessionid", "sessionkey", "*csrf*", "*xsrf*", "jwt", "bearer", "signature", "dsn", "otp",
    "pin", "pincode", "*cardnumber*", "*creditcard*", "cvv", "cvc", "cvv2", "ssn", "iban",
)  # fmt: skip
_SEPARATORS: Final = re.compile(r"[\W_]+")
_FOLDED: Final = bytes.maketrans(ascii_uppercase.encode() + b"=,", ascii_lowercase.encode() + b"::")
_DELETED: Final = b"_-. '\"\\]"
#: Names that were judged once are remembered; those of a cluster are few.
_REMEMBERED_MAX: Final = 10_000


class KeyPatterns:
    """`key in patterns`, quick for keys that come again."""

    def __init__(self, patterns: Iterable[str]) -> None:
        groups = [DEFAULT_KEYS if pattern == DEFAULT else (pattern,) for pattern in patterns]
        folded = [_without_separators(pattern) for group in groups for pattern in group]
        self._fits = re.compile("|".join(map(translate, folded))).match if folded else None
        self._judged: dict[str, bool] = {}
        fragments = {_fragment(pattern) for pattern in folded}
        self._fragments = sorted(
            (one for one in fragments if not any(other in one for other in fragments - {one})),
            key=len,
        )

    def __bool__(self) -> bool:
        return self._fits is not None

    def __contains__(self, key: str) -> bool:
        judged = self._judged.get(key)
        if judged is None:
            judged = self._fits is not None and bool(self._fits(_SEPARATORS.sub("", key).lower()))
            if len(self._judged) < _REMEMBERED_MAX:
                self._judged[key] = judged
        return judged

    def may_be_in(self, text: str) -> bool:
        """Whether one of these keys may stand in a text before `:`, `=` or `,`. Most texts of a
        cluster hold none, and a search for fixed strings is several times as quick as one for
        names."""
        utf_8 = text.encode("utf-8", "surrogatepass")
        folded = utf_8.translate(_FOLDED, _DELETED).decode("latin-1")  # which never fails
        for fragment in self._fragments:  # noqa: SIM110 (`any` costs twice as much)
            if fragment in folded:
                return True
        return False


def _fragment(pattern: str) -> str:
    """The longest piece that each name of a folded pattern has, in ASCII; with the colon behind
    it where the name ends with it."""
    pieces = re.split(r"[*?]+|[^\x00-\x7f]+", pattern + ":")
    return max(pieces, key=len)


def _without_separators(pattern: str) -> str:
    return re.sub(r"[^\w*?]+|_", "", pattern).lower()
