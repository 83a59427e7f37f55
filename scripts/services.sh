#!/usr/bin/env bash
# Sees to what the tests need besides Python: git, Redis, RabbitMQ, memcached, Chromium. What is
# missing is installed through apt as root; what cannot be had is told, and its tests then skip
# (or fail, with CI=true).
set -uo pipefail

updated=
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# need COMMAND PACKAGE: the command is on this machine, installed if need be.
need() {
    command -v "$1" >/dev/null && return 0
    if ! may_install; then
        echo "$2 is not installed, and only root can install it: sudo apt install $2" >&2
        return 1
    fi
    echo "Installing $2."
    if [ -z "$updated" ]; then
        apt-get update -qq || true
        updated=yes
    fi
    local said
    if ! said=$(DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$2" \
        2>&1 </dev/null); then
        printf '%s could not be installed through apt:\n%s\n' "$2" "$(tail -n 5 <<<"$said")" >&2
        return 1
    fi
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# up NAME PORT SERVICE COMMAND...: something listens on the port, started if need be.
up() {
    local name=$1 port=$2 service=$3
    shift 3
    listens "$port" && return 0
    echo "Starting $name."
    local said
    if ! { [ -d /run/systemd/system ] && systemctl start "$service" >/dev/null 2>&1; } &&
        ! said=$("$@" 2>&1 </dev/null); then
        printf '%s could not be started:\n%s\n' "$name" "$(tail -n 5 <<<"$said")" >&2
        return 1
    fi
    for _ in $(seq 300); do
        listens "$port" && return 0
        sleep 0.2
    done
    echo "$name was started but does not answer on port $port." >&2
    return 1
}

need git git # what is in the repository is tested too
need redis-server redis-server &&
    up Redis 6379 redis-server redis-server --daemonize yes --save '' --bind 127.0.0.1
need rabbitmq-server rabbitmq-server &&
    up RabbitMQ 5672 rabbitmq-server rabbitmq-server -detached
need memcached memcached # tests start their own
# Their packages begin to serve on ports 80 and 9090, which is nobody's wish at a desk.
if [ -n "${CI:-}" ]; then
    need nginx nginx-light
    need caddy caddy
    need prometheus prometheus
fi
need chromium chromium
exit 0
