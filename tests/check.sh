#!/bin/sh
# All checks of the project; "./doitw test" sets the machine up and runs this. Every step is run,
# even if one before it failed. Words given to it go to pytest; but --quick as the first one leaves
# out all that compiles TensorFlow or fetches sources.
# shellcheck disable=SC2317,SC2329 # functions are called by name, through step
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
python=$root/.venv/bin/python
cd "$root"
quick=''
if [ "${1-}" = --quick ]; then
    quick=yes
    shift
    set -- -m 'not build and not network' "$@"
elif [ $# -eq 0 ]; then
    set -- --listed-skips=tests/skips.txt
fi
if [ -n "${CI-}" ]; then
    NO_COLOR=1
    export NO_COLOR
fi
# Whatever a test leaves behind goes away with this folder.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'chmod -R u+rwX "$TMPDIR"; rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM HUP
passed=0
failed=''

# step NAME COMMAND...: run a command, say how it went and how long it took.
step() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    begun=$(date +%s)
    if "$@"; then
        passed=$((passed + 1))
        printf '== %s: passed (%s s)\n' "$name" "$(($(date +%s) - begun))"
    else
        failed="$failed $name"
        printf '== %s: FAILED (%s s)\n' "$name" "$(($(date +%s) - begun))"
    fi
}

build() {
    "$python" -I -m buildtool "build:$1"
}

is_proved() {
    "$python" - "build/$1/report.json" <<'END'
import json, sys
from pathlib import Path

report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
sys.exit(0 if report["proved"] is True else f"{sys.argv[1]}: proved: {report['proved']}")
END
}

# A second build says that there is nothing to do, and no other line.
does_nothing() {
    said=$(build "$1" 2>&1) && [ "$said" = "build:$1: up to date" ] && return
    printf '%s\n' "$said"
    return 1
}

step ruff-check "$python" -m ruff check .
step ruff-format "$python" -m ruff format --check .
step mypy "$python" -m mypy
if [ -z "$quick" ]; then
    step sources "$python" -m buildtool.sources --packaged
    for target in pi linux-java; do
        step "build-$target" build "$target"
        step "proved-$target" is_proved "$target"
        step "again-$target" does_nothing "$target"
    done
fi

# More workers than cores: some of them always wait for a disk or for one another.
workers=$(($(nproc) + 2))
printf '\n== pytest\n'
if "$python" -m pytest -ra --cpu-times=40 --basetemp="$TMPDIR/pytest" \
    -n "$workers" --dist loadgroup --no-loadscope-reorder "$@"; then
    passed=$((passed + 1))
    if [ -z "$failed" ]; then exit; fi  # pytest's own summary is the last line
else
    failed="$failed pytest"
fi
# shellcheck disable=SC2086 # a list of words
set -- $failed
printf '\n%s passed, %s failed:%s\n' "$passed" "$#" "$failed"
exit 1
