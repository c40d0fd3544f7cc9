#!/bin/sh
# Sets up .venv beside the Makefile: Python >= 3.11, the locked parts, this package as an editable install.
# Quick when nothing changed: the stamp holds a digest of the lock, pyproject.toml, the place and the interpreter.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.isletscope-installed

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        new_enough "$PYTHON" || fail "PYTHON=$PYTHON is not a Python of version 3.11 or later."
        say "$PYTHON"
        return
    fi
    for candidate in python3.11 python3.12 python3.13 python3.14 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
            say "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>&1 || say "no python3")
    fail "Isletscope needs Python 3.11 or later; found: $found.
Install it (Debian and Ubuntu: apt install python3 python3-venv) or name it: make install PYTHON=/path/to/python3.11"
}

digest() {
    { pwd; "$venv/bin/python" -VV; cat requirements.lock pyproject.toml scripts/install.sh; } \
        | "$venv/bin/python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'
}

if [ -x "$venv/bin/python" ] && ! new_enough "$venv/bin/python"; then
    say "The environment in $venv no longer works or is older than Python 3.11: making it anew."
    rm -rf "$venv"
fi
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(digest)" ]; then
    exit 0
fi

if [ ! -x "$venv/bin/python" ]; then
    python=$(find_python)
    say "Making $venv with $("$python" --version)."
    "$python" -m venv "$venv" || fail "Python could not make a virtual environment.
Debian and Ubuntu keep that part in a package of its own: apt install python3-venv"
fi

install_with_uv() {
    "$venv/bin/uv" --version >/dev/null 2>&1 || "$venv/bin/python" -m pip install --quiet uv || return 1
    VIRTUAL_ENV=$PWD/$venv "$venv/bin/uv" pip install --quiet --require-hashes -r requirements.lock || return 1
    VIRTUAL_ENV=$PWD/$venv "$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation -e .
}
install_with_pip() {
    "$venv/bin/python" -m pip install --quiet --require-hashes -r requirements.lock || return 1
    "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation -e .
}

say "Installing the locked parts into $venv (about 1 GB on disk; under a minute with a fast line)."
install_with_uv || {
    say "uv did not manage; trying pip, which is slower."
    install_with_pip || fail "The parts in requirements.lock could not be installed; the message above says why.
A package index must be reachable (set PIP_INDEX_URL and UV_DEFAULT_INDEX for a mirror)."
}
digest > "$stamp"
say "Ready: $venv/bin/isletscope"
