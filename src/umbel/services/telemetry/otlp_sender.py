"""Sends OTLP as JSON over HTTP, and says why if it cannot."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from time import monotonic
from typing import Final, Literal, NamedTuple

import msgspec

from umbel.characters import visible
from umbel.errors import UmbelError
from umbel.masking import mask_address
from umbel.time_limit import WHOLE_S, within
from umbel.timed_http import timed_opener

#: How long connecting, and each read of an answer, may take, seconds.
TIMEOUT_S: Final = 10.0
_OPENER: Final = timed_opener()
#: So much of an answer is read, bytes.
_ANSWER_MAX: Final = 65_536
#: Answers after which the same may be sent again (the OTLP specification).
_AGAIN: Final = frozenset({429, 502, 503, 504})
Signal = Literal["traces", "metrics"]


class NotSent(UmbelError):
    """A sentence for a person; `is_final`: sending the same again cannot help."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


class PartlyRefused(NamedTuple):
    """So many spans or data points were not taken, and never will be; a sentence for a person."""

    rejected: int
    sentence: str


class _PartialSuccess(msgspec.Struct, rename="camel"):
    rejected_spans: int | str = 0
    rejected_data_points: int | str = 0
    error_message: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    partial_success: _PartialSuccess | None = None


class OtlpSender:
    """To `endpoint`, an address such as `http://collector:4318`, below which each signal has its
    path. Any thread."""

    def __init__(
        self,
        endpoint: str,
        headers: Mapping[str, str],
        timeout_s: float = TIMEOUT_S,
        whole_s: float = WHOLE_S,
    ) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._headers = {**headers, "Content-Type": "application/json"}
        self._timeout_s = timeout_s
        self._whole_s = whole_s

    def send(self, signal: Signal, body: object) -> PartlyRefused | None:
        """What of it was refused, None where all was taken. Blocks. Raises `NotSent`."""
        url = f"{self._endpoint}/v1/{signal}"
        request = urllib.request.Request(  # noqa: S310  the settings take HTTP and HTTPS alone
            url, msgspec.json.encode(body), self._headers, method="POST"
        )
        where, ends_at = mask_address(url), monotonic() + self._whole_s
        try:
            with (
                within(self._whole_s) as limit,
                _OPENER.open(request, timeout=self._timeout_s) as answer,
            ):
                # A whole head in time says that it was taken: whatever comes, it is not sent again.
                limit.is_met = monotonic() < ends_at
                return _refused(_read(answer), where)
        except urllib.error.HTTPError as error:
            error.close()
            raise NotSent(
                f"{where} answers {error.code} {error.reason}.", is_final=error.code not in _AGAIN
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise NotSent(f"{where} cannot be reached: {reason}.") from error


def _read(answer: http.client.HTTPResponse) -> bytes:
    """Nothing where it comes too slowly: who has taken it need not say more."""
    try:
        return answer.read(_ANSWER_MAX)
    except (OSError, http.client.HTTPException):
        return b""


def _refused(answer: bytes, where: str) -> PartlyRefused | None:
    """What an answer of 200 says was not taken (the OTLP specification, *Partial Success*)."""
    try:
        found = msgspec.json.decode(answer, type=_Answer).partial_success or _PartialSuccess()
        count = int(found.rejected_spans or found.rejected_data_points or 0)
    except (msgspec.DecodeError, ValueError):
        return None
    if count <= 0:
        return None
    why = visible(found.error_message[:200])
    because = f": {why}" if why else "."
    return PartlyRefused(count, f"{where} did not take {count:,} of them{because}")
