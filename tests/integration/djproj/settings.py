"""What the project is configured with; a test says where things are by the environment."""

from __future__ import annotations

import os

SECRET_KEY = "of a test"  # noqa: S105
USE_TZ = True
INSTALLED_APPS = [
    "django_celery_results",
    "tests.integration.djproj.shop",
    *os.environ.get("DJPROJ_APPS", "").split(),
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJPROJ_DATABASE", ":memory:"),
        "OPTIONS": {"timeout": 20},
    }
}
CACHES = {
    "default": {
        "BACKEND": os.environ.get(
            "DJPROJ_CACHE", "django.core.cache.backends.filebased.FileBasedCache"
        ),
        "LOCATION": os.environ.get("DJPROJ_CACHE_AT", "/nowhere"),
        "KEY_PREFIX": "djproj",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

CELERY_BROKER_URL = os.environ.get("DJPROJ_BROKER", "memory://")
CELERY_RESULT_BACKEND = os.environ.get("DJPROJ_RESULTS", "django-db")
CELERY_CACHE_BACKEND = "default"
CELERY_RESULT_EXTENDED = True
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
