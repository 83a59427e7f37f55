"""Values of secret keys in texts: reprs of arguments and results, errors, JSON within strings.

Theory of operation. Texts are not parsed: Celery cuts them, applications write their own, and a
string may hold JSON with dictionaries of its own. So every `name:`, `'name':`, `name=` is looked
at wherever it stands, and the value behind a secret name is passed over by the form of its
beginning: a string to its quote, a bracket to its partner, a word to the next space, a header to
the end of its line. Where the end cannot be told (the text was cut, an object writes itself with
spaces or odd quotes), all that follows is hidden: to hide too much is harmless. Time is linear in
the length of the text.
"""

from __future__ import annotations

import re
from typing import Final

from umbel.redact.keys import KeyPatterns

#: What stands in the place of what is hidden. No string, number or keyword of Python is written
#: so, so it cannot be taken for a value.
HIDDEN: Final = "<hidden>"

#: White space, also as a repr writes it.
_GAP: Final = r"(?:\s|\\+[nrt]){0,100}+"
#: Letters of names, also as JSON escapes those that are not English.
_LETTERS: Final = r"(?:[\w.-]|(?<!\\)\\{1,8}u[0-9a-fA-F]{4}){1,256}+"
_ESCAPED: Final = re.compile(r"\\+u([0-9a-fA-F]{4})")
#: A name, up to four words long, with what separates it from its value; the first of a pair; an
#: option of a command; the name in `{'name': ..., 'value': ...}`.
_NAME: Final = re.compile(
    rf"(?<![\w.-])(?P<name>{_LETTERS}(?: {_LETTERS}){{0,3}})"
    r"(?P<quote>[\])}*?!%$#]{0,3}\\*+['\"]|\]|\)(?==))?+(?:[ \t]|\\+t){0,40}+(?P<sign>=>|[:=])"
    rf"(?:{_GAP}(?=\\*+['\"\[{{(]|[|>]?-----BEGIN)|(?:[ \t]|\\+t){{0,40}}+)(?![:=])"
    r"|[(\[]b?\\*+['\"](?P<first>[\w. ][\w. -]{0,255}+)\\*+['\"], ?+"
    r"|b?['\"](?P<option>-{1,2}[\w-]{1,255}+)\\*+['\"], ?+"
    r"|['\"](?:name|key)\\*+['\"]: ?\\*+['\"](?P<named>[\w. -]{1,256}+)\\*+['\"], ?\\*+['\"]value"
    r"\\*+['\"]: ?+"
)
_GROUPS: Final = ("name", "first", "option", "named")
_QUOTE: Final = re.compile(r"[bBuUrRfF]{0,2}(\\*+['\"])")
#: What may follow the quote that ends a string.
_BEHIND: Final = frozenset(",)]};:&\\'\">")
_NO_SECRET: Final = re.compile(
    r"(?:(?:None|null|True|true|False|false|''|\"\")(?=[,;)\]}&>\s'\"\\]|$)|<hidden>)"
)
#: Also in groups, as numbers of cards are written.
_NUMBER: Final = re.compile(r"-?\d[\w.+-]*(?: \d{2,6}(?![\w.:-]))*(?=[,)\]};&\s'\"\\]|$)")
_CALL: Final = re.compile(r"[A-Za-z_][\w.]{0,200}\(")
_OBJECT: Final = re.compile(r"<[^<>'\"\\]*>")
_CHARACTER: Final = r"(?:[^\s'\"&\\<>]|\\{1,2}(?![nrt\\'\"]))"
_WORD: Final = re.compile(
    r"(?i:digest) +(?:\w+=(?:\\*\"[^\"\\]*\\*\"|[^\s,'\"\\]+)(?:, *)?)+"
    rf"|(?i:(?:bearer|basic|digest|token|negotiate) +)?{_CHARACTER}+(?: [0-9A-Z]{{2,4}}(?!\w))*"
)
#: Names of headers whose value is more than a word, up to the end of its line.
_OF_HEADER: Final = re.compile(r"(?i)(?:authorization|cookies?)$")
_HEADER: Final = re.compile(r"[^\r\n'\"\\&<>,)\]}]+")
_KEY_FILE: Final = re.compile(
    rf"[|>]?{_GAP}-----BEGIN.*?(?:-----END[^-]{{0,100}}-----|\Z)", re.DOTALL
)
#: What may stand between a type and a value: `password: str = 'x'`.
_ASSIGNED: Final = re.compile(r"[\])]*+ ?= ?(?!=)")
#: The forms whose end is certain.
_CERTAIN_BEGIN: Final = re.compile(
    r"[bBuUrRfF]{0,2}\\*['\"]|[(\[{<]|-?\d|-----|[A-Za-z_][\w.]{0,200}\("
)
#: A line of source in a traceback, which gets a value from elsewhere: `session = Session(bind)`.
_SOURCE: Final = re.compile(r"(?:await +)?[A-Za-z_][\w.]{0,100}+\([\w.,=*\[\] ]{0,200}+\)")
_INDENT: Final = re.compile(r"(?:\A|\n)[ \t]+\Z")
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
        name, at = next(filter(None, found.group(*_GROUPS))), found.end()
        behind = found.end("sign") if found["sign"] else at
        if "\\" in name:
            name = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), name)
        if _is_secret(name, found, keys) and at < len(text) and not _NO_SECRET.match(text, at):
            end = _end_behind(found, name, text)
            if end > at:
                done += (text[start:at], HIDDEN)
                start = behind = end
        found = _NAME.search(text, behind)
    return "".join((*done, text[start:])) if done else text


def _is_secret(name: str, found: re.Match[str], keys: KeyPatterns) -> bool:
    """Whether it is one of `keys`, all of it or its last word; a repr may have a line break
    before it."""
    if name in keys or (" " in name and name.rpartition(" ")[2] in keys):
        return True
    at = found.start()
    return name[0] in "nrt" and found.string[at - 1 : at] == "\\" and name[1:] in keys


def _end_behind(found: re.Match[str], name: str, text: str) -> int:
    """Where the value ends that begins behind a name."""
    at = found.end()
    if text.endswith(" = ", 0, at) and _SOURCE.match(text, at):
        indent = text[max(0, found.start() - 100) : found.start()]
        if _INDENT.search(indent):
            return at
    header = _HEADER.match(text, at) if _OF_HEADER.search(name) else None
    if header is not None and not _QUOTE.match(text, at) and text[at] not in _OPENING:
        end = at + len(header[0].rstrip(_TRAILING))
        return max(end, value_end(text, at))
    end = value_end(text, at)
    assigned = _ASSIGNED.match(text, end)
    if assigned is not None and assigned.end() < len(text):
        return value_end(text, assigned.end())
    is_bare = _CERTAIN_BEGIN.match(text, at) is None
    if found["quote"] and is_bare and end < len(text) and text[end] not in _BEHIND:
        return len(text)  # an object that writes itself with spaces and signs
    return end


def value_end(text: str, at: int) -> int:
    """Where the value ends that begins at `at`; the end of the text if that cannot be told."""
    quote = _QUOTE.match(text, at)
    if quote is not None:
        return string_end(text, quote.end(), quote[1])
    if text[at] in _OPENING:
        return bracket_end(text, at)
    for form in (_KEY_FILE, _NUMBER, _OBJECT):
        found = form.match(text, at)
        if found is not None:
            return found.end()
    call = _CALL.match(text, at)
    if call is not None:
        return bracket_end(text, call.end() - 1)
    word = _WORD.match(text, at)
    if word is not None:
        end = at + len(word[0].rstrip(_TRAILING))
        quote = _QUOTE.match(text, end) if word[0].endswith("=") else None
        return string_end(text, quote.end(), quote[1]) if quote is not None else end
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
