"""Tracebacks of the shop's failures, as its workers format them."""

from __future__ import annotations

from typing import Final

_START: Final = "Traceback (most recent call last):\n"
_PACKAGES: Final = "/opt/venv/lib/python3.11/site-packages"
_CELERY: Final = f"{_PACKAGES}/celery/app"
_TRACED: Final = f"""{_START}  File "{_CELERY}/trace.py", line 564, in trace_task
    R = retval = fun(*args, **kwargs)
                 ^^^^^^^^^^^^^^^^^^^^
  File "{_CELERY}/trace.py", line 883, in __protected_call__
    return self.run(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^
"""
_CHARGE: Final = """  File "/srv/shop/orders.py", line 81, in charge
    answer = _ask_bank(amount_cents)
             ^^^^^^^^^^^^^^^^^^^^^^^
"""

CARD_DECLINED: Final = f"""{_START}  File "/srv/shop/orders.py", line 98, in _refuse
    limits["weekly"] -= amount_cents
    ~~~~~~^^^^^^^^^^
KeyError: 'weekly'

The above exception was the direct cause of the following exception:

{_TRACED}{_CHARGE}  File "/srv/shop/orders.py", line 90, in _ask_bank
    _refuse(amount_cents)
  File "/srv/shop/orders.py", line 100, in _refuse
    raise CardDeclined(f"insufficient funds for {{amount_cents / 100:.2f}} EUR") from error
shop.orders.CardDeclined: insufficient funds for 129.00 EUR
"""

GATEWAY_TIMEOUT: Final = f"""{_TRACED}{_CHARGE}  File "/srv/shop/orders.py", line 88, in _ask_bank
    raise GatewayTimeout("payments.example did not answer within 2.0 s")
shop.orders.GatewayTimeout: payments.example did not answer within 2.0 s
"""

TIME_LIMIT: Final = f"""{_START}  File "{_PACKAGES}/billiard/pool.py", line 684, in on_hard_timeout
    raise TimeLimitExceeded(job._timeout)
billiard.exceptions.TimeLimitExceeded: TimeLimitExceeded(6,)
"""


def retry(exception: str) -> str:
    """That of an attempt which is to be repeated because of `exception`."""
    return f"""{_TRACED}  File "{_CELERY}/task.py", line 963, in retry
    raise ret
celery.exceptions.Retry: Retry in 2s: {exception}
"""
