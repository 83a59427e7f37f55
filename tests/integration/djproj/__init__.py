"""A Django project with Celery, as the documentation of Celery lays one out."""

from tests.integration.djproj.celery import app as celery_app

__all__ = ["celery_app"]
