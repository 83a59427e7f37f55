"""Umbel watches and runs Celery clusters.

Beside the commands there is the Python API (docs/python-api.md), whose names are loaded when
they are first used: the plugin of the `celery` command imports this package at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from umbel.python.alerts import (
        acknowledge_alert,
        add_alert_rule,
        alert_history,
        alert_rules,
        alerts,
        back_test,
        change_alert_rule,
        remove_alert_rule,
        silence_alerts,
        unsilence_alerts,
    )
    from umbel.python.control import task_abort, task_rate_limit, task_revoke, task_timeout
    from umbel.python.deploys import announce_deploy, deploys, remove_deploy
    from umbel.python.errors import task_errors
    from umbel.python.event_types import TaskEventTypes
    from umbel.python.events import Events, connect
    from umbel.python.info import TASK_STATES, TaskInfo, as_dict
    from umbel.python.logs import task_log
    from umbel.python.names import task_names
    from umbel.python.queues import (
        pause_queue,
        purge,
        queue,
        queue_lengths,
        queue_rates,
        queues,
        resume_queue,
        task_route,
    )
    from umbel.python.running import (
        get_task_result,
        task_apply,
        task_async_apply,
        task_send_task,
    )
    from umbel.python.schedule import change_entry, run_entry, schedule, schedule_entry
    from umbel.python.series import task_series
    from umbel.python.sorting import sort_keys, sort_tasks
    from umbel.python.tasks import get_task_by_id, iter_tasks
    from umbel.python.terms import (
        parse_search_terms,
        satisfies_search_terms,
        task_args_contains_search_args,
    )
    from umbel.python.workers import (
        inspect,
        worker_pool_autoscale,
        worker_pool_grow,
        worker_pool_restart,
        worker_pool_shrink,
        worker_queue_add_consumer,
        worker_queue_cancel_consumer,
        worker_shutdown,
        workers,
        workers_diff,
    )
    from umbel.python.workflows import get_workflow, workflows

__version__ = "0.1.0"

__all__ = [
    "TASK_STATES",
    "Events",
    "TaskEventTypes",
    "TaskInfo",
    "acknowledge_alert",
    "add_alert_rule",
    "alert_history",
    "alert_rules",
    "alerts",
    "announce_deploy",
    "as_dict",
    "back_test",
    "change_alert_rule",
    "change_entry",
    "connect",
    "deploys",
    "get_task_by_id",
    "get_task_result",
    "get_workflow",
    "inspect",
    "iter_tasks",
    "parse_search_terms",
    "pause_queue",
    "purge",
    "queue",
    "queue_lengths",
    "queue_rates",
    "queues",
    "remove_alert_rule",
    "remove_deploy",
    "resume_queue",
    "run_entry",
    "satisfies_search_terms",
    "schedule",
    "schedule_entry",
    "silence_alerts",
    "sort_keys",
    "sort_tasks",
    "task_abort",
    "task_apply",
    "task_args_contains_search_args",
    "task_async_apply",
    "task_errors",
    "task_log",
    "task_names",
    "task_rate_limit",
    "task_revoke",
    "task_route",
    "task_send_task",
    "task_series",
    "task_timeout",
    "unsilence_alerts",
    "worker_pool_autoscale",
    "worker_pool_grow",
    "worker_pool_restart",
    "worker_pool_shrink",
    "worker_queue_add_consumer",
    "worker_queue_cancel_consumer",
    "worker_shutdown",
    "workers",
    "workers_diff",
    "workflows",
]

_MODULES = {
    "alerts": (
        "acknowledge_alert add_alert_rule alert_history alert_rules alerts back_test "
        "change_alert_rule remove_alert_rule silence_alerts unsilence_alerts"
    ),
    "control": "task_abort task_rate_limit task_revoke task_timeout",
    "deploys": "announce_deploy deploys remove_deploy",
    "errors": "task_errors",
    "events": "Events connect",
    "event_types": "TaskEventTypes",
    "info": "TASK_STATES TaskInfo as_dict",
    "logs": "task_log",
    "names": "task_names",
    "queues": "pause_queue purge queue queue_lengths queue_rates queues resume_queue task_route",
    "running": "get_task_result task_apply task_async_apply task_send_task",
    "schedule": "change_entry run_entry schedule schedule_entry",
    "series": "task_series",
    "sorting": "sort_keys sort_tasks",
    "tasks": "get_task_by_id iter_tasks",
    "terms": "parse_search_terms satisfies_search_terms task_args_contains_search_args",
    "workflows": "get_workflow workflows",
    "workers": (
        "inspect worker_pool_autoscale worker_pool_grow worker_pool_restart worker_pool_shrink "
        "worker_queue_add_consumer worker_queue_cancel_consumer worker_shutdown workers "
        "workers_diff"
    ),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names.split():
            import importlib

            found: object = getattr(importlib.import_module(f"umbel.python.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'umbel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
