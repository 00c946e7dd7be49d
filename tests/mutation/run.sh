#!/bin/sh
# run.sh [SHARD/COUNT]: changes src in one place at a time, and runs the Rust tests on each change.
# A change that no test notices is a survivor. Fails if survivors.md does not explain a survivor.
#
# All changes take hours; 0/8 is every eighth one. JOBS is how many run at the same time.
set -eu
cd "$(dirname "$0")/../.."
version=27.1.0
shard=${1:-0/1}
echo "$shard" | grep -qx '[0-9][0-9]*/[0-9][0-9]*' || {
    echo "usage: run.sh [SHARD/COUNT]" >&2
    exit 2
}
out=$PWD/target/mutation
export PATH="$out/bin:$PATH" CARGO_PROFILE_DEV_DEBUG=0 RUST_BACKTRACE=0

if ! cargo mutants --version 2> /dev/null | grep -qF "$version"; then
    cargo install --quiet --locked --root "$out" cargo-mutants@$version
fi

mutants() { # FOLDER ARGUMENT...
    mkdir -p "$1"
    status=0
    cargo mutants --config tests/mutation/mutants.toml --no-shuffle --jobs "${JOBS:-2}" \
        --colors never --output "$@" || status=$?
    # 2: some were missed; 3: some did not end. Anything else is a failure of the run itself.
    case $status in 0 | 2 | 3) ;; *) exit "$status" ;; esac
}

# Most changes are noticed by tests that take a second together.
rm -rf "$out/first" "$out/second"
mutants "$out/first" --shard "$shard" --sharding round-robin -- --test rust -- --skip differential \
    --skip agreement --skip floods --skip no_memory --skip every_ --skip simd --skip pmd_send \
    --skip conn_loops --skip conn_splits

# Only the others meet the rest: a pattern for each.
cat "$out/first/mutants.out/missed.txt" "$out/first/mutants.out/timeout.txt" |
    sed 's/[^a-zA-Z0-9_:/<> -]/\\&/g; s/.*/--re=^&$/' > "$out/patterns"
if [ -s "$out/patterns" ]; then
    newline='
'
    set -f
    IFS=$newline
    set -- $(cat "$out/patterns")
    unset IFS
    mutants "$out/second" "$@" -- --test rust
fi

python3 -B tests/mutation/survivors.py "$out"
