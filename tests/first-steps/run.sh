#!/bin/sh
# Runs the scripts of this folder, or those that are named, and prints a line for each.
#
#   run.sh [SCRIPT...]
set -u
cd "$(dirname "$0")" || exit 1
logs=../../target/first-steps/logs
mkdir -p "$logs"
passed=0
skipped=0
failed=0

[ $# -gt 0 ] || set -- cmake.sh fetchcontent.sh pkg-config.sh static.sh meson.sh cpp.sh \
    compilers.sh cargo-c.sh debian.sh pip.sh

for script; do
    start=$(date +%s)
    log=$logs/${script%.sh}.log
    "./$script" > "$log" 2>&1
    status=$?
    seconds=$(($(date +%s) - start))
    case $status in
        0) passed=$((passed + 1)) word=passed ;;
        77) skipped=$((skipped + 1)) word="skipped: $(sed -n 's/^skipped: //p' "$log")" ;;
        *) failed=$((failed + 1)) word=FAILED ;;
    esac
    printf 'first-steps: %-16s %3d s  %s\n' "$script" "$seconds" "$word"
    [ "$word" != FAILED ] || tail -n 30 "$log" >&2
done
echo "first-steps: $passed passed, $skipped skipped, $failed failed"
[ "$failed" -eq 0 ]
