"""Sends OTLP as JSON over HTTP, and says why if it cannot."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from umbel.errors import UmbelError
from umbel.masking import mask_address
from umbel.time_limit import WHOLE_S, within
from umbel.timed_http import timed_opener

#: How long connecting, and each read of an answer, may take, seconds.
TIMEOUT_S: Final = 10.0
_OPENER: Final = timed_opener()
#: Answers after which the same may be sent again (the OTLP specification).
_AGAIN: Final = frozenset({429, 502, 503, 504})
Signal = Literal["traces", "metrics"]


class NotSent(UmbelError):
    """A sentence for a person; `is_final`: sending the same again cannot help."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


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

    def send(self, signal: Signal, body: object) -> None:
        """Blocks. Raises `NotSent`."""
        url = f"{self._endpoint}/v1/{signal}"
        request = urllib.request.Request(  # noqa: S310  the settings take HTTP and HTTPS alone
            url, msgspec.json.encode(body), self._headers, method="POST"
        )
        where = mask_address(url)
        try:
            # Nothing of the body is read: the status has said that it was taken.
            with within(self._whole_s), _OPENER.open(request, timeout=self._timeout_s):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            raise NotSent(
                f"{where} answers {error.code} {error.reason}.", is_final=error.code not in _AGAIN
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise NotSent(f"{where} cannot be reached: {reason}.") from error
