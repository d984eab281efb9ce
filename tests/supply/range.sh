#!/usr/bin/env bash
# The tests with each library at one end of its range: `range.sh lowest light` or `range.sh newest all`, and what pytest
# is to be told. `light` is what answering needs, `all` what trains and the extras besides.
set -euo pipefail
cd "$(dirname "$0")/../.."
end=$1
lists=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python="$work/venv/bin/python"
"${PYTHON:-python3}" -m venv "$work/venv"
"$python" -m tests.supply.ranges "$end" "$lists" >"$work/requirements.txt"
"$python" -m pip install --quiet --upgrade --upgrade-strategy eager -r "$work/requirements.txt" \
    "tomli; python_version < '3.11'" pytest pytest-socket pytest-xdist hypothesis
"$python" -m pip install --quiet --no-deps --editable .
"$python" -m pip check 2>&1 | grep -v "imdbsent .* requires \(tensorflow\|onnx\)," || true # light has neither
"$python" -m pip list --format freeze
"$python" -m pytest --numprocesses "${JOBS:-2}" --dist loadfile "$@"
