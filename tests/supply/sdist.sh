#!/usr/bin/env bash
# The source distribution, unpacked elsewhere, installs itself and passes the tests that it brings.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m build --sdist --outdir "$work" . >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mkdir "$work/source"
tar -xzf "$work"/imdbsent-*.tar.gz -C "$work/source" --strip-components 1
"${PYTHON:-python3}" -m venv "$work/venv"
cd "$work/source"
"$work/venv/bin/python" -m tests.supply.ranges newest >"$work/requirements.txt"
"$work/venv/bin/python" -m pip install --quiet -r "$work/requirements.txt" \
    "tomli; python_version < '3.11'" pytest pytest-socket pytest-xdist hypothesis
"$work/venv/bin/python" -m pip install --quiet --no-deps "$work"/imdbsent-*.tar.gz
cd "$work" && "$work/venv/bin/imdbsent" --version
cd "$work/source" && "$work/venv/bin/python" -m pytest --numprocesses "${JOBS:-2}" --dist loadfile "$@"
