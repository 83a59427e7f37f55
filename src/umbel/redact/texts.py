"""Values of secret keys in texts: reprs of arguments and results, errors, JSON within strings.

Theory of operation. Texts are not parsed: Celery cuts them, applications write their own, and a
string may hold JSON with dictionaries of its own. So every `name:`, `'name':`, `name=` is looked
at wherever it stands, and the value behind a secret name is passed over by the form of its
beginning: a string to its quote, a bracket to its partner, a word to the next space. Where the
end cannot be told (the text was cut, an object writes itself with odd quotes), all that follows
is hidden: to hide too much is harmless. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from typing import Final

from umbel.redact.keys import KeyPatterns

#: What stands in the place of what is hidden. No string, number or keyword of Python is written
#: so, so it cannot be taken for a value.
HIDDEN: Final = "<hidden>"

#: A name, up to four words long, with what separates it from its value.
_NAME: Final = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{1,64}+(?: [\w.-]{1,64}+){0,3})"
    r"(?:\\*+['\"]|\])?+ ?(?:[:=]|=>) ?+(?![:=])"
    r"|[(\[]b?\\*+['\"](?P<first>[\w. -]{1,64}+)\\*+['\"], ?+"
)
_QUOTE: Final = re.compile(r"[bBuUrRfF]{0,2}(\\*+['\"])")
#: What may follow the quote that ends a string.
_BEHIND: Final = frozenset(",)]};:&\\'\">")
_HARMLESS: Final = re.compile(r"(?:None|null|True|true|False|false)(?![\w.(])|<hidden>|''|\"\"")
_NUMBER: Final = re.compile(r"-?\d[\w.+-]*(?=[,)\]};&\s'\"\\]|$)")
_CALL: Final = re.compile(r"[A-Za-z_][\w.]{0,200}\(")
_OBJECT: Final = re.compile(r"<[^<>'\"\\]*>")
_WORD: Final = re.compile(r"(?i:(?:bearer|basic|digest|token|negotiate) +)?[^\s'\"&\\<>]+")
_TRAILING: Final = ",;.)]}"
_OPENING: Final = "([{"
_BRACKET: Final = re.compile(r"[()\[\]{}'\"<]")
#: The password of an address: `scheme://user:password@`.
_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#@'\"<>]{0,200}:[^\s/?#'\"<>]{1,500}@")


def redact_text(text: str, keys: KeyPatterns) -> str:
    """`text` with `HIDDEN` in the place of values of these keys and of passwords of addresses."""
    if "://" in text and "@" in text:
        text = _USERINFO.sub(f"{HIDDEN}@", text)
    has_sign = ":" in text or "=" in text or "'," in text or '",' in text
    if not has_sign or not keys.may_be_in(text):
        return text
    done: list[str] = []
    start = 0
    found = _NAME.search(text)
    while found is not None:
        name, at = found["name"] or found["first"], found.end()
        if (name in keys or (" " in name and name.rpartition(" ")[2] in keys)) and (
            at < len(text) and not _HARMLESS.match(text, at)
        ):
            end = value_end(text, at)
            if end > at:
                done += (text[start:at], HIDDEN)
                start = at = end
        found = _NAME.search(text, at)
    return "".join((*done, text[start:])) if done else text


def value_end(text: str, at: int) -> int:
    """Where the value ends that begins at `at`; the end of the text if that cannot be told."""
    quote = _QUOTE.match(text, at)
    if quote is not None:
        return string_end(text, quote.end(), quote[1])
    if text[at] in _OPENING:
        return bracket_end(text, at)
    for form in (_NUMBER, _OBJECT):
        found = form.match(text, at)
        if found is not None:
            return found.end()
    call = _CALL.match(text, at)
    if call is not None:
        return bracket_end(text, call.end() - 1)
    word = _WORD.match(text, at)
    if word is not None:
        return at + len(word[0].rstrip(_TRAILING))
    return len(text) if text[at] == "<" else at


def string_end(text: str, at: int, quote: str) -> int:
    """Behind the string whose characters begin at `at`. `quote` is what began it, with the
    backslashes before it, where it stands in another string."""
    while (found := text.find(quote, at)) >= 0:
        at = found + len(quote)
        is_escaped = text[found - 1] == "\\"
        if not is_escaped and (at == len(text) or text[at] in _BEHIND):
            return at
    return len(text)


def bracket_end(text: str, at: int) -> int:
    """Behind the partner of the bracket at `at`."""
    depth = 0
    while (found := _BRACKET.search(text, at)) is not None:
        sign, at = found[0], found.end()
        if sign in _OPENING:
            depth += 1
        elif sign in "'\"":
            at = string_end(text, at, sign)
        elif sign == "<":
            plain = _OBJECT.match(text, found.start())
            if plain is None:
                return len(text)
            at = plain.end()
        else:
            depth -= 1
            if depth == 0:
                return at
    return len(text)
