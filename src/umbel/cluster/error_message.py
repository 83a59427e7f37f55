"""The message of an error without what differs from one time to the next.

What varies becomes a mark: `<n>` a number or an id, `<text>` quoted text, `<path>`, `<url>`,
`<address>` (hosts, mail), `<time>`, and `[…]` a list, a dictionary or a tuple. Numbers that say
what happened stay: those behind "Errno", "signal", "exitcode" and "status", and those of HTTP, with
"HTTP" or "response" beside them, or the reason that belongs to them ("404 Not Found", and not "404
EUR").

Theory of operation. The text is read once from left to right, in pieces: white space, quotes,
opening brackets, and what stands between them. The end of a quoted text is sought forwards, and a
kind of quote whose end was once not found is not sought again, so that a text takes time by its
length at most; expressions see short pieces alone. Reading ends when there is enough to show.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

#: The longest message that is given.
MESSAGE_MAX: Final = 200
#: A piece without a space that is longer is no word.
_PIECE_MAX: Final = 120
#: Ends of a quoted text or of a list that are looked at.
_TRIED_MAX: Final = 1_000
#: Words of small letters alone are one piece, since nothing in them varies.
_PIECE: Final = re.compile(r"[a-z]++(?: [a-z]++)+(?= )|\s+|[\"'`\[({]|[^\s\"'`\[({]+")
_CLOSING: Final = {"[": "]", "{": "}", "(": ")"}
#: What lists and dictionaries begin with.
_DATA: Final = re.compile(r"[\[({](?:[\s\d\"'\[\](){}-]|None|True|False|b['\"])")
#: The type of a driver's error, and what a message begins with that is a tuple or a list.
_DRIVER: Final = re.compile(r"\([A-Za-z_][\w.]{1,80}\) ")
_ARGUMENTS: Final = re.compile(r"[\[(](?:(-?\d{1,6}), )?b?([\"'])")
_BRACKETS_OR_QUOTES: Final = re.compile(r"[\[\](){}\"']")
_PREFIXES: Final = frozenset({"b", "u", "r", "rb", "br", "B", "U", "R"})
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
#: What stands behind a status of HTTP: whose fault it is, what it is, or its reason (RFC 9110 and
#: the registry of IANA, with names that some had before). Python's own table differs by version.
_HTTP_WORDS: Final = re.compile(
    r"(?:client|server) error|http\b|(?:status|response)(?! time)\b", re.IGNORECASE
)
_HTTP_REASONS: Final = {
    "400": "Bad Request", "401": "Unauthorized|Authorization Required", "402": "Payment Required",
    "403": "Forbidden", "404": "Not Found|page not found", "405": "(?:Method )?Not Allowed",
    "406": "Not Acceptable", "407": "Proxy Authentication Required", "408": "Request Time-?out",
    "409": "Conflict", "410": "Gone", "411": "Length Required", "412": "Precondition Failed",
    "413": "(?:Payload|Content|Request Entity) Too Large",
    "414": "(?:Request-)?URI Too (?:Long|Large)",
    "415": "Unsupported Media Type", "416": "(?:Requested )?Range Not Satisfiable",
    "417": "Expectation Failed", "418": "I'm a teapot", "421": "Misdirected Request",
    "422": "Unprocessable", "423": "Locked", "424": "Failed Dependency", "425": "Too Early",
    "426": "Upgrade Required", "428": "Precondition Required", "429": "Too Many Requests",
    "431": "Request Header", "451": "Unavailable For Legal", "499": "Client Closed Request",
    "500": "Internal Server Error", "501": "Not Implemented", "502": "(?:Bad|Proxy) Gateway",
    "503": "(?:Service |Temporarily )?Unavailable", "504": "Gateway Time-?out",
    "505": "HTTP Version", "507": "Insufficient Storage", "508": "Loop Detected",
    "511": "Network Authentication Required", "520": "Unknown Error", "521": "Web Server Is Down",
    "522": "Connection Timed Out", "523": "Origin Is Unreachable", "524": "A Timeout Occurred",
    "529": "Site Is Overloaded",
}  # fmt: skip
_HTTP_REASON: Final = re.compile(
    "|".join(f"{status}:? (?:{reason})\\b" for status, reason in _HTTP_REASONS.items()),
    re.IGNORECASE,
)
_HTTP_STATUS: Final = re.compile(r"[1-5]\d\d")
#: How much behind a status is looked at.
_REASON_MAX: Final = 40
#: Words behind which a number says what happened; those behind which one of HTTP does.
_TELLING: Final = frozenset({"errno", "error", "signal", "exitcode", "status", "code", "winerror"})
_HTTP_BEFORE: Final = re.compile(
    r"https?(?:/[\d.]+)?|response|status_?code|response_?code", re.IGNORECASE
)
_CODE: Final = re.compile(r"-?\d{1,4}")
_EDGES: Final = "<>()[]{}.,;:!?=\"'*#|…"
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_CALENDAR: Final = frozenset({*_WEEKDAYS, *_MONTHS})
_PATH_OR_ADDRESS: Final = re.compile(r"[/\\:@]")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w.-]*\w")
_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9-]+\.)+(?:com|net|org|io|cloud|local|localdomain|internal|lan|example|invalid)"
    r"(?::\d{1,5})?(?![\w-]|\.\w)"
)
_VARIABLES: Final = (
    (re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"), "<n>"),
    (re.compile(r"\d{4}-\d\d?-\d\d?(?:[T_]\d\d?:?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)"),
     "<time>"),
    (re.compile(r"(?<![\d:.])\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?![\d:])"), "<time>"),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])"), "<address>"),
    (re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?![\w:])"), "<address>"),
    (re.compile(r"(?<![\w.-])[A-Za-z][\w.-]*:\d{1,5}(?!\w)"), "<address>"),
    (re.compile(r"0[xX][0-9a-fA-F]+"), "<n>"),
    (re.compile(r"(?<![\w-])[A-Z]{1,5}-?\d[\dA-Z-]*(?!\w)"), "<n>"),
    (re.compile(r"(?<![\w.])[-+]?\d+(?:[.,_]\d+)*(?:[eE][-+]?\d+)?"
                r"(?=(?:ms|[smhd]|[kKMG]?i?B|%)?(?!\w))"), "<n>"),
)  # fmt: skip
_WORD: Final = re.compile(r"(?<!<)[0-9A-Za-z]+")
_HEX: Final = re.compile(r"[0-9a-fA-F]{6,}")
_DIGITS: Final = re.compile(r"\d+")
#: So long a word with so many digits is an id.
_ID_MIN, _ID_DIGITS_MIN = 8, 2
_REPEATED: Final = re.compile(r"(<[a-z]+>)(?:,? \1)+")


def steady_message(message: str, *, names: bool = False) -> str:
    """The first line of `message` without what varies, at most `MESSAGE_MAX` characters. With
    `names` quoted names of Python (`'NoneType'`, `'shop.mail'`) stay as they are."""
    line = message.strip()
    end = line.find("\n")
    return _Message(line if end < 0 else line[:end], names).steady()


class _Message:
    def __init__(self, text: str, names: bool) -> None:
        self._text = text
        self._names = names
        self._out: list[str] = []
        self._size = 0
        self._at = 0
        self._unclosed: set[str] = set()
        self._word = ""

    def steady(self) -> str:
        text = self._text
        self._read_beginning()
        while self._at < len(text) and self._size <= 2 * MESSAGE_MAX:
            found = _PIECE.match(text, self._at)
            if found is None:
                break
            self._take(found.group(), found.end())
        steady = _REPEATED.sub(r"\1", "".join(self._out)).strip()
        return steady if len(steady) <= MESSAGE_MAX else f"{steady[: MESSAGE_MAX - 1]}…"

    def _read_beginning(self) -> None:
        """The type of a driver's error, as SQLAlchemy puts it before the message; and a message
        that is a tuple or a list, as drivers of databases give it, `(2006, 'gone away')`: what its
        first text says is the message, and the number before it a code."""
        driver = _DRIVER.match(self._text)
        if driver is not None:
            self._put(driver.group())
            self._at = driver.end()
        found = _ARGUMENTS.match(self._text, self._at)
        if found is None or self._text[-1:] not in ("]", ")"):
            return
        code, quote = found.groups()
        content = self._quoted(found.end() - 1, quote)
        if content is not None:
            self._put(f"{code}: " if code else "")
            self._put(steady_message(content, names=self._names))
            self._at = len(self._text)

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._size += len(text)

    def _take(self, piece: str, end: int) -> None:
        start, self._at = self._at, end
        if piece.isspace():
            self._put(" ")
        elif " " in piece:
            self._put(piece)
            self._word = piece.rpartition(" ")[2]
        elif piece in "\"'`":
            self._take_quote(piece, start)
        elif piece in _CLOSING:
            self._take_bracket(piece, start)
        else:
            self._put(self._steady_piece(piece))
            self._word = piece

    def _take_quote(self, quote: str, start: int) -> None:
        before = self._text[start - 1 : start] if start else ""
        opens = not (before.isalnum() or before == "_") or self._word in _PREFIXES
        content = self._quoted(start, quote) if opens else None
        if content is None:
            self._put(quote)
            return
        if len(content) <= _REASON_MAX and _HTTP_REASON.match(content):
            self._put(content)
        elif (self._names or quote == "`") and _is_name(content):
            self._put(f"{quote}{content}{quote}")
        else:
            self._put("<text>")
        self._word = ""

    def _quoted(self, start: int, quote: str) -> str | None:
        """What stands in the quotes that open at `start`, and go on behind them; None if they do
        not close."""
        if quote in self._unclosed:
            return None
        end = start
        if _DATA.match(self._text, start + 1):
            behind = self._end_of_data(start + 1)
            end = behind - 1 if self._text[behind : behind + 1] == quote else start
        for _ in range(_TRIED_MAX):
            end = self._text.find(quote, end + 1)
            if end < 0:
                break
            after = self._text[end + 1 : end + 2]
            if self._text[end - 1] != "\\" and not after.isalnum():
                self._at = end + 1
                return self._text[start + 1 : end]
        self._unclosed.add(quote)
        return None

    def _take_bracket(self, bracket: str, start: int) -> None:
        before = self._text[start - 1 : start] if start else ""
        if not before.isalnum() and _DATA.match(self._text, start):
            self._at = self._end_of_data(start)
            self._put(f"{bracket}…{_CLOSING[bracket]}")
        else:
            self._put(bracket)

    def _end_of_data(self, start: int) -> int:
        """Behind the bracket that closes the one at `start`; the end if none does."""
        depth, at = 0, start
        for _ in range(_TRIED_MAX):
            found = _BRACKETS_OR_QUOTES.search(self._text, at)
            if found is None:
                break
            at = found.end()
            character = found.group()
            if character in "\"'":
                closing = self._text.find(character, at)
                at = closing + 1 if closing >= 0 else at
                if closing < 0:
                    break
            else:
                depth += 1 if character in _CLOSING else -1
                if depth <= 0:
                    return at
        return len(self._text)

    def _steady_piece(self, piece: str) -> str:
        if len(piece) > _PIECE_MAX:
            return "<text>"
        core = piece.strip(_EDGES)
        if self._is_status_code(core):
            return piece
        if core in _CALENDAR and self._is_next_to_number():
            return piece.replace(core, "<time>")
        head, equals, value = piece.partition("=")
        if equals and value and not _PATH_OR_ADDRESS.search(head):
            return head + equals + _steady_word(value)
        return _steady_word(piece)

    def _is_status_code(self, core: str) -> bool:
        if not _CODE.fullmatch(core):
            return False
        before = self._word.strip(_EDGES)
        return before.lower() in _TELLING or self._is_http_status(core, before)

    def _is_http_status(self, core: str, before: str) -> bool:
        if not _HTTP_STATUS.fullmatch(core):
            return False
        behind = self._text[self._at : self._at + _REASON_MAX].lstrip(" ,;:)-")
        return bool(
            _HTTP_BEFORE.fullmatch(before)
            or _HTTP_WORDS.match(behind)
            or _HTTP_REASON.match(f"{core} {behind}")
        )

    def _is_next_to_number(self) -> bool:
        following = self._text[self._at : self._at + 2].strip()
        return following.isdigit() or self._word[:1].isdigit() or self._word in _CALENDAR


def _is_name(text: str) -> bool:
    return len(text) <= _PIECE_MAX and _IDENTIFIER.fullmatch(text) is not None


@lru_cache(maxsize=4_096)
def _steady_word(word: str) -> str:
    scheme_end = word.find("://")
    if scheme_end > 0:
        start = scheme_end
        while start > 0 and (word[start - 1].isalnum() or word[start - 1] in "+-."):
            start -= 1
        return f"{word[:start]}<url>{_edge(word)}"
    if "@" in word:
        word = _MAIL.sub("<address>", word)
    if "/" in word or "\\" in word:
        core = word.strip(_EDGES.replace(".", ""))
        core = core.rstrip(".")
        if _is_path(core):
            return word.replace(core, "<path>")
    if "." in word:
        word = _HOST.sub("<address>", word)
    if not _DIGITS.search(word) and word.count(":") < 2:
        return word
    for variable, mark in _VARIABLES:
        word = variable.sub(mark, word)
    return _WORD.sub(_steady_id, word)


def _edge(word: str) -> str:
    """The punctuation that a word ends with."""
    return word[len(word.rstrip(_EDGES)) :]


def _is_path(core: str) -> bool:
    if core.startswith(("/", "./", "../", "~/")) or core[1:3] == ":\\":
        return len(core) > 1
    slashes = core.count("/") + core.count("\\")
    return slashes > 1 or (slashes == 1 and "." in core.rpartition("/")[2])


def _steady_id(found: re.Match[str]) -> str:
    word = found.group()
    digits = sum(character.isdigit() for character in word)
    if not digits:
        return word
    is_long = len(word) >= _ID_MIN and digits >= _ID_DIGITS_MIN
    if digits == len(word) or is_long or _HEX.fullmatch(word):
        return "<n>"
    return _DIGITS.sub("<n>", word)
