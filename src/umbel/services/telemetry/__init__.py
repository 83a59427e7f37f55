"""OpenTelemetry: spans of attempts and metrics, sent to any receiver of OTLP over HTTP."""
