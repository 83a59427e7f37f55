"""Log lines, for people or for programs, on standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
import textwrap
import time
from datetime import UTC, datetime

from umbel.characters import escape
from umbel.process_secrets import hidden

#: What every record has; anything else came with `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
#: uvicorn says its lines a second time, in colours.
_LEFT_OUT = _STANDARD | {"color_message"}
#: What sets colours at a terminal.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
#: What acts on a terminal or on a reader's eye where it should be read: control characters, line
#: and paragraph separators, direction marks (Unicode's Trojan Source), halves of characters.
_ACTING = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
_IN_A_LINE = re.compile(f"[{_ACTING}]")
_IN_LINES = re.compile(f"(?![\n\t])[{_ACTING}]")


def start_logging(level: str, form: str) -> None:
    """Log from `level` (`debug`, `info`, `warning`, `error`) on, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def is_json() -> bool:
    """Whether lines of this process are JSON by now."""
    return any(isinstance(each.formatter, JsonLines) for each in logging.getLogger().handlers)


def log_as_json(sentence: str, level: int = logging.INFO) -> bool:
    """A sentence to whoever started this process, as a JSON line where lines are JSON, from
    whatever level on they are logged; whether they are."""
    if is_json():
        record = {"name": "umbel", "levelno": level, "msg": sentence}
        record["levelname"] = logging.getLevelName(level)
        logging.getLogger().handle(logging.makeLogRecord(record))
    return is_json()


def _without_secrets(text: str) -> str:
    """Libraries log addresses as they please, and tracebacks end in what drivers say."""
    return "\n".join(hidden(line) for line in text.split("\n"))


class TextLines(logging.Formatter):
    """`2026-01-31T12:00:00Z warning umbel.collector: the sentence`. Whatever stands in it, the
    sentence is one line, and the lines of an exception below are indented, so that nothing that
    came from outside can look like a line of the log."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(level)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.level = record.levelname.lower()
        return _without_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = _IN_A_LINE.sub(_escaped, record.message.rstrip("\n"))
        return super().formatMessage(record)

    def formatException(self, ei: logging._SysExcInfoType) -> str:  # noqa: N802
        text = _IN_LINES.sub(_escaped, super().formatException(ei))
        return textwrap.indent(text, "  ")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return time.strftime(datefmt or "%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))


class JsonLines(logging.Formatter):
    """One object a line: `time` (RFC 3339, UTC), `level`, `logger`, `message`, then what
    came with `extra=`, then `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _without_secrets(_COLOURS.sub("", record.getMessage())),
        }
        line |= {
            name: _without_secrets(value) if isinstance(value, str) else value
            for name, value in vars(record).items()
            if name not in _LEFT_OUT
        }
        if record.exc_info:
            line["exception"] = _without_secrets(self.formatException(record.exc_info))
        text = json.dumps(line, default=str, ensure_ascii=False)
        return _IN_A_LINE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(found: re.Match[str]) -> str:
    return escape(found[0])
