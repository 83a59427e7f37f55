"""Which keys of dictionaries, and names of keyword arguments, hold what must not be seen.

Patterns are names with `*` and `?`; names that fit one with `!` before it are shown, whatever the
others say. Case and separators do not count: `api_key`, `apiKey`, `X-API-Key` and `apikey` are one
name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from string import ascii_lowercase, ascii_uppercase
from typing import Final

#: The word for `DEFAULT_KEYS` among patterns.
DEFAULT: Final = "default"
#: What a pattern begins with whose names are shown.
_SHOWN: Final = "!"
#: The usual secrets, as error trackers leave them out, and what only sounds like one.
DEFAULT_KEYS: Final = (
    "*passw*", "*passphrase*", "*passcode*", "pass", "dbpass", "smtppass", "userpass",
    "*pwd", "*secret*", "*token", "*credential*", "*apikey*", "*accesskey*", "*privatekey*",
    "*encryptionkey*", "*signingkey*", "*accountkey*", "*masterkey*", "*authkey*", "*sshkey*",
    "*authorization*", "*auth", "*cookie*", "session", "*sessionid", "*sessid", "sessionkey",
    "*csrf*", "*xsrf*", "jwt", "bearer", "signature", "*amzsignature", "*googsignature", "dsn",
    "otp", "totp", "*otpcode", "*verificationcode", "*securitycode", "pin", "pincode",
    "*cardnumber*", "*creditcard*", "cvv", "cvc", "cvv2", "ssn", "*socialsecurity*", "iban",
    "!bostoken", "!eostoken", "!padtoken", "!septoken", "!clstoken", "!masktoken", "!unktoken",
    "!stoptoken", "!*pagetoken", "!nexttoken", "!continuationtoken", "!secretary*",
)  # fmt: skip
#: What several names have: where a text has none of these, it has none of the names.
_STEMS: Final = ("key", "pass", "auth", "code", "sess", "card", "n:", "cv", "srf")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_FOLDED: Final = bytes.maketrans(ascii_uppercase.encode() + b"=,", ascii_lowercase.encode() + b"::")
_DELETED: Final = b"_-. \t\n\r'\"\\])}*?!%$#>"
#: Names that were judged once are remembered; those of a cluster are few.
_REMEMBERED_MAX: Final = 10_000


class KeyPatterns:
    """`key in patterns`, quick for keys that come again."""

    def __init__(self, patterns: Iterable[str]) -> None:
        groups = [DEFAULT_KEYS if pattern == DEFAULT else (pattern,) for pattern in patterns]
        usual = [pattern.strip() for group in groups for pattern in group]
        hidden = [_without_separators(each) for each in usual if not each.startswith(_SHOWN)]
        shown = [_without_separators(each) for each in usual if each.startswith(_SHOWN)]
        self._fits = re.compile("|".join(map(translate, hidden))).match if hidden else None
        self._is_shown = re.compile("|".join(map(translate, shown))).match if shown else None
        self._judged: dict[str, bool] = {}
        self._fragments = _by_stem(map(_fragment, hidden))
        self._stems = tuple(self._fragments)

    def __bool__(self) -> bool:
        return self._fits is not None

    def __contains__(self, key: str) -> bool:
        judged = self._judged.get(key)
        if judged is None:
            judged = self._judge(_SEPARATORS.sub("", key).lower())
            if len(self._judged) < _REMEMBERED_MAX:
                self._judged[key] = judged
        return judged

    def may_be_in(self, text: str) -> bool:
        """Whether one of these keys may stand in a text before `:`, `=` or `,`. Most texts of a
        cluster hold none, and a search for fixed strings is several times as quick as one for
        names."""
        utf_8 = text.encode("utf-8", "surrogatepass")
        if b"\\t" in utf_8:  # a tab in a repr
            utf_8 += utf_8.replace(b"\\t", b"")
        folded = utf_8.translate(_FOLDED, _DELETED).decode("latin-1")  # which never fails
        for stem in self._stems:
            if stem in folded:
                for fragment in self._fragments[stem]:  # (`any` costs twice as much)
                    if fragment in folded:
                        return True
        return False

    def _judge(self, folded: str) -> bool:
        if self._fits is None or not self._fits(folded):
            return False
        return self._is_shown is None or not self._is_shown(folded)


def _by_stem(fragments: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Fragments by the stem that they have with others, or by themselves."""
    found: dict[str, list[str]] = {}
    every = set(fragments)
    for fragment in every:
        if any(other in fragment for other in every - {fragment}):
            continue  # which is found by the other
        stem = next((stem for stem in _STEMS if stem in fragment), fragment)
        found.setdefault(stem, []).append(fragment)
    return {each[0] if len(each) == 1 else stem: tuple(each) for stem, each in found.items()}


def _fragment(pattern: str) -> str:
    """The longest piece that each name of a folded pattern has, in ASCII; with the colon behind
    it where the name ends with it."""
    pieces = re.split(r"[*?]+|[^\x00-\x7f]+", pattern + ":")
    return max(pieces, key=len)


def _without_separators(pattern: str) -> str:
    return re.sub(r"[^\w*?]+|_", "", pattern).lower()
