#!/usr/bin/env bash
# In a fresh virtual environment: pip install, ask without a network, ask again with a home that is read-only.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --no-compile . # Python compiles what it imports
imdbsent="$work/venv/bin/imdbsent"
cd "$work" # away from the source

# No network: a namespace of its own where the system allows it, else a proxy that is not there.
if unshare --net --map-root-user true 2>/dev/null; then
    offline=(unshare --net --map-root-user)
else
    offline=(env http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9)
fi

unset "${!IMDBSENT_@}" XDG_DATA_HOME XDG_CACHE_HOME
export HOME="$work/home"
mkdir "$HOME"
"${offline[@]}" "$imdbsent" predict "great movie" | tee answer
grep -q positive answer
"${offline[@]}" "$imdbsent" predict "great movie" 2>second >/dev/null
[ ! -s second ] # it says nothing the second time

rm -rf "$HOME"
mkdir "$HOME"
if unshare --mount --map-root-user mount -t tmpfs -o ro tmpfs "$HOME" 2>/dev/null; then # root writes past permissions
    unshare --mount --map-root-user sh -c 'mount -t tmpfs -o ro tmpfs "$HOME" && exec "$@"' sh \
        "$imdbsent" predict "great movie" >answer 2>notes
else
    chmod 555 "$HOME"
    "$imdbsent" predict "great movie" >answer 2>notes
fi
cat notes answer
grep -q positive answer
grep -q "could not keep a copy" notes
[ "$(wc -l <notes)" = 1 ]
echo "fresh: installed, answered without a network, answered with a read-only home"
