"""What a person with a second factor shows beside the right password.

It is asked for each time a password is checked, also one that is remembered: a password in a header
(`Authorization: Basic`), which cannot be beside a code, lets nobody in who has a second factor.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from umbel.auth.second_factor import SecondFactors, ShownFactor, is_recovery_code
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.web.http.problems import Refusal
from umbel.web.second_factor.code_throttle import CodeThrottle

#: How many threads ask ledgers for second factors.
_LOOKUPS: Final = 4
#: The one answer to a wrong password and to a wrong code.
BAD_LOGIN: Final = "The name, the password or the code is wrong."
_NO_HEADER: Final = (
    "This name has a second factor, which a password in a header cannot show. Send a token "
    "(Authorization: Bearer umbel_..., from umbel token create), or log in at /login."
)

T = TypeVar("T")
#: Writes to the audit why somebody was refused, and that a recovery code was taken.
Note = Callable[[str], Awaitable[None]]


class SecondFactorNeeded(Refusal):
    """The password was right, and nothing was shown beside it: no attempt to guess."""

    def __init__(self, detail: str) -> None:
        super().__init__("second-factor-needed", detail)


class SecondFactorCheck:
    """On the event loop. `required`: whoever has none may do nothing but turn one on."""

    def __init__(self, factors: SecondFactors, clock: Clock, *, required: bool = False) -> None:
        self.factors = factors
        self.required = required
        self._throttle = CodeThrottle(clock)
        self._lookups = anyio.CapacityLimiter(_LOOKUPS)

    async def run(self, call: Callable[..., T], *given: object) -> T:
        """What a method of `factors` gives, from a thread of their own: a ledger that hangs holds
        up nothing else. Raises `StoreError`."""
        return await anyio.to_thread.run_sync(
            functools.partial(call, *given), limiter=self._lookups
        )

    async def since(self, user: str) -> float | None:
        """Since when this person has a second factor. Raises `StoreError`."""
        return await self.run(self.factors.since, user)

    async def after_password(
        self, user: str, code: str | None, *, refused: Note, recovered: Note
    ) -> None:
        """Let pass whoever has none, or shows a `code` that is right; it is None where none can be
        shown. Raises `SecondFactorNeeded`, `Refusal` for a wrong code and after too many, and
        `StoreError`."""
        if await self.since(user) is None:
            return
        if code is None:
            await refused("The second factor was not shown: a password in a header cannot.")
            raise SecondFactorNeeded(_NO_HEADER)
        if not code.strip():
            raise SecondFactorNeeded("Type the code that your authenticator shows as well.")
        if await self.take(user, code, refused=refused, recovered=recovered) is None:
            raise Refusal("not-logged-in", BAD_LOGIN)

    async def take(
        self, user: str, code: str, *, refused: Note, recovered: Note
    ) -> ShownFactor | None:
        """Take a code or a recovery code; None for a wrong one. Raises `Refusal` after too many
        wrong ones, and `StoreError`."""
        wait_s = self._throttle.begin(user)
        if wait_s is not None and not is_recovery_code(code):
            why = "There were too many wrong codes."
            await refused(why)
            raise Refusal(
                "too-many-logins",
                f"{why} Try again in {wait_s} s, or use a recovery code. If the wrong ones were "
                "not yours, somebody knows your password.",
                headers={"Retry-After": str(wait_s)},
            )
        try:
            shown = await self.run(self.factors.check, user, code)
        except StoreError:
            if wait_s is None:
                self._throttle.take_back(user)
            raise
        if shown is None:
            await refused("The password is right, and the code is wrong or was used before.")
            return None
        if wait_s is None:
            self._throttle.take_back(user)
        if shown.kind == "recovery code":
            await recovered(f"a recovery code was used, {shown.left} are left")
        return shown
