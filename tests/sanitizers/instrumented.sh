#!/bin/sh
# Runs the instrumented program of the same name: instrumented.sh ./examples-c/NAME OPTION...
program=$INSTRUMENTED/$(basename "$1")
shift
exec "$program" "$@"
