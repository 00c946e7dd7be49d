#!/bin/sh
# Runs programs one after another, each under the command $RUN_UNDER, and counts
# results. Each program prints a line; for one that crashes, this script does.
passed=0
failed=0
for program in "$@"; do
    if $RUN_UNDER "$program"; then
        passed=$((passed + 1))
    else
        echo "$(basename "$program"): FAILED with status $?"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
