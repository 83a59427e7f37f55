"""`GET /metrics` for Prometheus: the metrics of Flower, those of celery-exporter, and ours."""
