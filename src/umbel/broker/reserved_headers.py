"""Headers of a message that are Celery's to write.

Theory of operation. A worker reads these before it looks whether they are what Celery writes. Of
stamps that are no texts it ends, and a task whose name (`shadow`) cannot be counted is never
acknowledged, so that a worker soon has no room for another.
Source: celery/app/amqp.py (`as_task_v2`), celery/worker/request.py, celery/worker/state.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Those that say which task a message is, or how its body is read. Whoever set them beside the
#: fields would send another task than the audit tells.
RESERVED_HEADERS: Final = frozenset(
    {"argsrepr", "compression", "eta", "expires", "group", "id", "kwargsrepr", "lang", "meth",
     "origin", "parent_id", "retries", "root_id", "stamped_headers", "stamps", "task", "timelimit"}
)  # fmt: skip
#: Those by which RabbitMQ delivers a message to further routing keys.
COPIES: Final = ("CC", "BCC")
#: Those that anybody may set, to a value of this kind or to none.
_KINDS: Final[Mapping[str, type]] = {
    "shadow": str, "ignore_result": bool, "group_index": int, "replaced_task_nesting": int,
}  # fmt: skip


def own_header(headers: Mapping[str, object]) -> str | None:
    """The first header that is not a person's to set so, None if there is none."""
    for name in sorted(headers):
        kind = _KINDS.get(name, object)
        value = headers[name]
        if name in RESERVED_HEADERS or not (value is None or isinstance(value, kind)):
            return name
    return None
