"""Log lines, for people or for programs, on standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime

#: What every record has; anything else came with `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
#: uvicorn says its lines a second time, in colours.
_LEFT_OUT = _STANDARD | {"color_message"}
#: What sets colours at a terminal.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def start_logging(level: str, form: str) -> None:
    """Log from `level` (`debug`, `info`, `warning`, `error`) on, as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def is_json() -> bool:
    """Whether lines of this process are JSON by now."""
    return any(isinstance(each.formatter, JsonLines) for each in logging.getLogger().handlers)


def tell(sentence: str, level: int = logging.INFO) -> bool:
    """A sentence to whoever started this process, as a JSON line where lines are JSON, from
    whatever level on they are logged; whether they are."""
    if is_json():
        record = {"name": "umbel", "levelno": level, "msg": sentence}
        record["levelname"] = logging.getLevelName(level)
        logging.getLogger().handle(logging.makeLogRecord(record))
    return is_json()


class TextLines(logging.Formatter):
    """`2026-01-31T12:00:00Z warning umbel.collector: the sentence`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(level)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.level = record.levelname.lower()
        return super().format(record)

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
            "message": _COLOURS.sub("", record.getMessage()),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _LEFT_OUT}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)
