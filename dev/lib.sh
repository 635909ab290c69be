# Shared by the scripts of this folder. To be sourced: it moves to the top of the checkout.
# shellcheck shell=bash
# Written for bash 3.2, which is what macOS has.

# Set by make for its own; cargo would look for a job server there.
unset CDPATH MAKEFLAGS MFLAGS
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
STATE=$ROOT/.curfew
cd "$ROOT" || exit

# shellcheck disable=SC2034  # read by the scripts that source this file
NEXTEST_VERSION=0.9.143 DENY_VERSION=0.20.2

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

state_dir() {
  [ -d "$STATE" ] || mkdir -m 0700 "$STATE" 2>/dev/null || die "The folder $STATE cannot be made: is this checkout writable?"
  [ -O "$STATE" ] || die "The folder $STATE belongs to another user; work as that user, or remove it."
}

need_tools() {
  have cargo || die "Rust is missing: install it (rustup is the usual way), open a new terminal and try again."
  have node || die "Node.js is missing: install version 20.19 or newer and try again."
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    die "Node.js $(node --version) is too old: version 20.19 or newer is needed."
  have npm || die "npm is missing: install it (it comes with Node.js) and try again."
  have curl || die "curl is missing: install it and try again."
}

# --- processes ------------------------------------------------------------------------------------

# When a process began: tells it from a later one that was given the same number. Nothing when it has ended.
process_mark() {
  case "$1" in '' | *[!0-9]*) return 0 ;; esac
  if [ -d /proc/self ]; then
    sed -n 's/^.*) \([^Z]\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20 || true
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -d ' ' || true
  fi
}

process_command() {
  if [ -d /proc/self ]; then
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || true
  else
    ps -ww -o command= -p "$1" 2>/dev/null || true
  fi
}

# remember NAME PID: for a later run of a script. `remembered NAME` prints the pid if that very process still lives.
remember() { printf '%s %s\n' "$2" "$(process_mark "$2")" >"$STATE/$1.pid"; }
remembered() {
  local pid='' mark=''
  read -r pid mark 2>/dev/null <"$STATE/$1.pid" || return 1
  [ -n "$mark" ] && [ "$(process_mark "$pid")" = "$mark" ] && printf '%s\n' "$pid"
}

# A lock is a symbolic link whose target names its holder: it is made and filled in one step.
lock_holder() {
  local to
  to=$(readlink "$1" 2>/dev/null) || return 1
  [ "$(process_mark "${to%%-*}")" = "${to#*-}" ] && printf '%s\n' "${to%%-*}"
}
try_lock() {
  local target
  target="$$-$(process_mark $$)"
  ln -s "$target" "$1" 2>/dev/null && return
  lock_holder "$1" >/dev/null && return 1
  rm -f "$1"
  ln -s "$target" "$1" 2>/dev/null
}

# Starts a command as a process group of its own and leaves its number in STARTED. A Ctrl-C at the terminal then
# reaches only the script, which decides what to end and when; and ending the group ends the children too.
STARTED='' GROUPS_STARTED=''
start_group() {
  set -m
  "$@" </dev/null &
  STARTED=$!
  set +m
  GROUPS_STARTED="$GROUPS_STARTED $STARTED"
}

# A process that has ended but was not collected by its parent still counts for kill; in a container it may stay for good.
group_alive() {
  kill -0 -- "-$1" 2>/dev/null || return 1
  [ -d /proc/self ] || return 0
  [ -n "$(cat /proc/[0-9]*/stat 2>/dev/null | sed -n "s/^.*) [^Z] [0-9]* $1 .*/alive/p")" ]
}

stop_group() {
  local tries=0
  while group_alive "$1"; do
    [ "$tries" -ne 0 ] || kill -TERM -- "-$1" 2>/dev/null || true
    [ "$tries" -ne 150 ] || kill -KILL -- "-$1" 2>/dev/null || true
    [ "$tries" -lt 200 ] || return 1
    sleep 0.1
    tries=$((tries + 1))
  done
}

stop_started_groups() {
  local group
  for group in $GROUPS_STARTED; do stop_group "$group" || true; done
  GROUPS_STARTED=''
}

# Runs one step to its end, but such that a signal to this script is obeyed at once.
run() {
  local status=0
  start_group "$@"
  wait "$STARTED" || status=$?
  GROUPS_STARTED=${GROUPS_STARTED% "$STARTED"}
  return "$status"
}

# on_exit COMMAND: whatever ends the script, by itself or by a signal. More signals then do not cut it short.
on_exit() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # shellcheck disable=SC2064  # the command is meant to be read now
  trap "trap '' HUP INT TERM; set +e; $1" EXIT
}

# --- ports and HTTP -------------------------------------------------------------------------------

# Both families: a browser sent to localhost may ask [::1] first.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || (exec 3<>"/dev/tcp/::1/$1") 2>/dev/null; }

# Below the range from which systems take the ports of outgoing connections.
free_port() {
  local port tries=0
  while [ "$tries" -lt 100 ]; do
    port=$((20000 + RANDOM % 12000))
    if ! port_taken "$port"; then
      printf '%s\n' "$port"
      return
    fi
    tries=$((tries + 1))
  done
  die "No free port was found on 127.0.0.1."
}

http_status() { curl --noproxy '*' -s -o /dev/null -m 2 -w '%{http_code}' "$1" || true; }

# wait_ready PORT PID LOG: until the API answers that its database does.
wait_ready() { wait_until "The API" "http://127.0.0.1:$1/health/ready" "$2" "$3"; }

# wait_until NAME URL PID LOG
wait_until() {
  local deadline=$((SECONDS + 30)) problem=''
  while :; do
    case "$(http_status "$2")" in 2??) return ;; esac
    if [ -z "$(process_mark "$3")" ]; then
      problem="$1 ended while starting."
    elif [ "$SECONDS" -ge "$deadline" ]; then
      problem="$1 was not ready after 30 seconds."
    fi
    if [ -n "$problem" ]; then
      warn "$problem The last lines of its log ($4):"
      tail -n 15 "$4" | sed 's/^/  /' >&2
      return 1
    fi
    sleep 0.1
  done
}

# --- the demo identity provider, and the key ------------------------------------------------------

# start_idp PORT LOG: leaves its process in IDP. It has to know CURFEW_API_URL and CURFEW_PUBLIC_URL.
start_idp() {
  install_idp || return
  export CURFEW_IDP_URL=http://127.0.0.1:$1
  start_group nohup env IDP_PORT="$1" IDP_LISTEN=127.0.0.1 IDP_ORIGIN="$CURFEW_IDP_URL" node idp/server.js >"$2" 2>&1
  IDP=$STARTED
}
wait_idp() { wait_until "The demo identity provider" "$CURFEW_IDP_URL/health" "$IDP" "$1"; }

# What CURFEW_SECRETS_KEY wants: the API seals with it what it must be able to read again.
new_secrets_key() { node -e 'console.log(require("node:crypto").randomBytes(32).toString("base64"))'; }

# --- building -------------------------------------------------------------------------------------

# Where cargo puts what it builds, whatever the environment or a cargo configuration says.
target_dir() {
  cargo metadata --no-deps --offline --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

build_rust() { run cargo build --locked -p api -p seed; }

in_web() { (cd web && "$@"); }
in_idp() { (cd idp && "$@"); }

install_web() { install_packages web; }
install_idp() { install_packages idp; }

install_packages() {
  [ -f "$1/package-lock.json" ] || die "$1/package-lock.json is missing: this checkout is incomplete."
  # npm writes this file last: an installation that was cut short does not count.
  local installed=$1/node_modules/.package-lock.json
  [ -f "$installed" ] && [ ! "$1/package-lock.json" -nt "$installed" ] && return
  run "in_$1" npm ci --no-audit --no-fund
}

build_web() {
  install_web || return
  if [ -f web/dist/index.html ]; then
    local source changed=''
    for source in web/src web/public web/index.html web/package-lock.json web/package.json web/vite.config.* web/tsconfig*.json; do
      [ -e "$source" ] || continue
      changed=$changed$(find "$source" -type f -newer web/dist/index.html)
    done
    [ -n "$changed" ] || return 0
  fi
  run in_web npm run build
}
