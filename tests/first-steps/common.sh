# Read by each script in this folder. Afterwards the current folder is empty, and:
#
#   $source   this checkout, in which `make library` was run
#   $prefix   a folder to install into
#
# The functions at the end are the checks; everything else in a script is what a user types.
set -eu
export LC_ALL=C
unset LD_LIBRARY_PATH PKG_CONFIG_PATH CARGO_TARGET_DIR CARGO_BUILD_TARGET
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$source/target/first-steps/$(basename "$0" .sh)
prefix=$work/prefix
rm -rf "$work"
mkdir -p "$work/project"
cd "$work/project"

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

needed_by() { # program
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(libwscodec.*\)\].*/\1/p'
}

# The program is an echo server: a client that we did not write gets its messages back.
echoes() { # program
    "$source/target/python/bin/python" "$source/tests/first-steps/echo.py" "$1"
}

echoes_shared() { # program
    [ "$(needed_by "$1")" = libwscodec.so.0 ] || fail "$1 does not use libwscodec.so.0"
    echoes "$1"
}

echoes_static() { # program
    [ -z "$(needed_by "$1")" ] || fail "$1 uses $(needed_by "$1")"
    echoes "$1"
}
