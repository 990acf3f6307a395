#!/bin/sh
# Renew requirements/*.txt from pyproject.toml: every package at one version, every file by its hash.
# Versions stay as they are unless pyproject.toml no longer allows them; --upgrade takes the newest.
#
# usage: tools/lock.sh [--upgrade]
set -eu

cd "$(dirname "$0")/.."
uv=.venv/bin/uv

lock() {
    output=requirements/$1.txt
    shift
    printf 'Renewing %s\n' "$output" >&2
    # No address of an index is written: the files hold names, versions and hashes only.
    "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock (newest releases: make lock UPGRADE=--upgrade)" \
        --output-file "$output" "$@"
}

lock install --group install "$@"
lock site pyproject.toml --extra site --group build "$@"
# The tests run with the versions that the site runs with.
lock dev pyproject.toml --extra all --group dev --group build --constraint requirements/site.txt "$@"
lock bench pyproject.toml --extra all --group bench --group build --constraint requirements/site.txt "$@"
