#!/bin/sh
# Make a virtual environment and install what requirements/<set>.txt pins, and the project itself.
# Does nothing when that is done already.
#
# usage: tools/install.sh SET [FOLDER]
#   SET     site, dev or bench
#   FOLDER  the environment, .venv unless told otherwise
# PYTHON names another interpreter than the one that would be found.
set -eu

cd "$(dirname "$0")/.."
set_name=$1
venv=${2:-.venv}
wanted=requirements/$set_name.txt
stamp=$venv/.installed-$set_name

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Prints the interpreter to use.
find_python() {
    candidates=${PYTHON:-"python3.13 python3.12 python3.11 python3"}
    incomplete=
    for candidate in $candidates; do
        new_enough "$candidate" || continue
        if can_make_venv "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
        incomplete=${incomplete:-$candidate}
    done
    if [ -n "$incomplete" ]; then
        fail "$incomplete cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install -y python3-venv"
    fi
    fail "Gatehouse needs Python 3.11 or newer, and none answered to: $candidates. On Debian 12 or Ubuntu 24.04 and newer: sudo apt-get install -y python3 python3-venv"
}

# Changes when what is installed would change.
fingerprint() { cat "$wanted" requirements/install.txt pyproject.toml tools/install.sh | cksum; }

# The scripts in an environment hold its path: after a move they would run another one, or none.
usable() {
    new_enough "$venv/bin/python" &&
        { [ ! -f "$venv/.made-in" ] || [ "$(cat "$venv/.made-in")" = "$(pwd -P)" ]; }
}

[ -f "$wanted" ] || fail "There is no $wanted. Sets: $(ls requirements)"

if [ -f "$stamp" ] && usable && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then
    exit 0
fi

if ! usable; then
    python=$(find_python)
    say "Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
    pwd -P > "$venv/.made-in"
fi

if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
    say "Putting the installer uv into $venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r requirements/install.txt ||
        say "uv could not be installed here; pip does the same, only slower."
fi

with_uv() {
    "$venv/bin/uv" --version >/dev/null 2>&1 || return 1
    "$venv/bin/uv" pip install --python "$venv/bin/python" "$@"
}
with_pip() { "$venv/bin/python" -m pip install --disable-pip-version-check "$@"; }
install() { with_uv "$@" || with_pip "$@"; }

packages=$(grep -c '^[A-Za-z0-9]' "$wanted")
say "Installing the $packages packages that $wanted pins (a minute the first time)"
install --require-hashes -r "$wanted"
say "Installing Gatehouse itself"
install --quiet --no-deps --no-build-isolation --editable .

fingerprint > "$stamp"
