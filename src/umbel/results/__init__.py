"""What tasks returned, read from Celery's result backend."""
