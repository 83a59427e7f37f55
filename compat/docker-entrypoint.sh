#!/bin/sh
# Options alone (`command: ["--port=5555"]`) are those of `celery flower`.
case "${1# }" in
-*) set -- celery flower "$@" ;;
esac
exec "$@"
