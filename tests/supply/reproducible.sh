#!/usr/bin/env bash
# The wheel, built twice from copies of other times, rights and places, is the same bytes.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for build in first second/further; do
    mkdir -p "$work/$build/source"
    cp -R imdbsent pyproject.toml README.md LICENSE "$work/$build/source"
    find "$work/$build/source" -name __pycache__ -prune -exec rm -rf {} +
done
find "$work/second" -exec touch -d "2001-02-03" {} +
chmod -R go-rwx "$work/second"
for build in first second/further; do
    (cd "$work/$build/source" && umask "$([ "$build" = first ] && echo 022 || echo 077)" &&
        "${PYTHON:-python3}" -m build --wheel --outdir "$work/$build/dist" "$@" . >"$work/log" 2>&1) || { cat "$work/log"; exit 1; }
done
cmp "$work"/first/dist/*.whl "$work"/second/further/dist/*.whl
sha256sum "$work"/first/dist/*.whl | cut -d' ' -f1
echo "reproducible: the wheel is the same bytes, whoever builds it"
