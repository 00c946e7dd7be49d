#!/bin/sh
# run.sh DIR TARGET...: runs the tests in Rust and C for each target, with the compiler that
# install.sh unpacked below DIR. Programs for other processors run under qemu. x86_64-qemu64,
# x86_64-Westmere and x86_64-Haswell run the tests whose result depends on vectors under qemu as
# that processor. Prints how many tests passed for each target, with times; fails if a target does,
# or if it does not run all tests that are written.
#
# Under qemu, the tests in Rust that take longest try one in seven of their inputs, or one in
# WSCODEC_ONE_IN, and those in C that take longest what they try under valgrind.
set -eu
here=$(dirname "$0")
if [ $# -lt 2 ]; then
    echo "usage: run.sh DIR TARGET..." >&2
    exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift

failed=""
for target; do
    echo "== $target"
    "$here/one.sh" "$dir" "$target" || failed="$failed $target"
done

echo "== passed"
for target; do
    [ ! -e "$dir/$target.passed" ] || cat "$dir/$target.passed"
done
if [ -n "$failed" ]; then
    echo "run.sh: failed:$failed" >&2
    exit 1
fi
