# Shared by the scripts beside it; sourced, never run. Sets ROOT, and stops the caller at the first failing command.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C.UTF-8

say() { printf '== %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo without a question.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo -n "$@" || sudo "$@"
    else die "'$*' needs root rights, and there is no sudo; run it as root, then try again"
    fi
}

# configure_and_build PRESET [TARGET...]: configures once (CMake reconfigures itself later), builds what changed.
configure_and_build() {
    local preset=$1; shift
    [ -f "$ROOT/build/$preset/build.ninja" ] || (cd "$ROOT" && cmake --preset "$preset" >&2)
    (cd "$ROOT" && cmake --build --preset "$preset" ${1:+--target "$@"} >&2)
}
