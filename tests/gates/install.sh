#!/bin/sh
# A program builds and runs with the files of `make install` and pkg-config, with
# the shared and with the static library, for folders of any name; `make
# uninstall` removes all of them. Only libraries of the last build are installed,
# and only if it was for this target.
#
# Afterwards target/lib is as after `make library`.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)/target/install
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR
rm -rf "$root"
mkdir -p "$root"

fail() {
    echo "install: $*" >&2
    exit 1
}

cat > "$root/program.c" << 'C'
#include <stdio.h>
#include <wscodec.h>

int main(void) {
    printf("%s\n", ws_version_string());
    return 0;
}
C

leaves_nothing() { # folder
    left=$(find "$1" \( -name '*wscodec*' -o -name 'LICENSE*' -o -type l \) -print)
    [ -z "$left" ] || fail "not removed: $left"
}

works_from() { # prefix, library folder
    PKG_CONFIG_PATH="$2/pkgconfig"
    export PKG_CONFIG_PATH
    version=$(pkg-config --modversion wscodec)
    # The flags are quoted for a shell.
    eval "cc -o '$root/shared' '$root/program.c' $(pkg-config --cflags --libs wscodec)"
    eval "cc -o '$root/static' '$root/program.c' $(pkg-config --cflags wscodec)" \
        "'$2/libwscodec.a'"
    [ "$(LD_LIBRARY_PATH="$2" "$root/shared")" = "$version" ] || fail "shared, in $1"
    [ "$("$root/static")" = "$version" ] || fail "static, in $1"
    [ -s "$1/share/doc/wscodec/THIRD-PARTY-NOTICES" ] || fail "no licences in $1"
    [ -s "$1/include/wscodec.hpp" ] || fail "no header for C++ in $1"
    [ -s "$1/include/wscodec.json" ] || fail "no description for bindings in $1"
}

make -s library
for name in "$root/plain" "$root/with a space" "$root/a|b&c"; do
    make -s install PREFIX="$name" LIBDIR="$name/lib64"
    works_from "$name" "$name/lib64"
    make -s uninstall PREFIX="$name" LIBDIR="$name/lib64"
    leaves_nothing "$name"
done

make -s install PREFIX=/opt/w DESTDIR="$root/staging"
[ -f "$root/staging/opt/w/include/wscodec.h" ] || fail "DESTDIR"
grep -q '^prefix=/opt/w$' "$root/staging/opt/w/lib/pkgconfig/wscodec.pc" || fail "prefix"
make -s uninstall PREFIX=/opt/w DESTDIR="$root/staging"
leaves_nothing "$root/staging"

# A build for a named target, in another folder.
target=$(rustc -vV | sed -n 's/^host: //p')
other=$root/cargo
CARGO_BUILD_TARGET=$target CARGO_TARGET_DIR=$other make -s library LIBRARIES=shared
cmp -s "$other/$target/release/libwscodec.so" target/lib/libwscodec.so ||
    fail "target/lib does not have the library that was built"
if make -s install PREFIX="$root/plain" 2> "$root/refused"; then
    fail "installs a library built for another target"
fi
grep -q 'was built for' "$root/refused" || fail "does not report the reason: $(cat "$root/refused")"
CARGO_BUILD_TARGET=$target make -s install PREFIX="$root/plain"
[ -f "$root/plain/lib/libwscodec.so" ] || fail "no shared library"
[ ! -e "$root/plain/lib/libwscodec.a" ] || fail "installs a static library that was not built"
make -s uninstall PREFIX="$root/plain"
leaves_nothing "$root/plain"

make -s library LIBRARIES=static
make -s install PREFIX="$root/plain"
[ ! -e "$root/plain/lib/libwscodec.so" ] || fail "installs a shared library that was not built"
make -s uninstall PREFIX="$root/plain"

rm -rf target/lib
if make -s install PREFIX="$root/plain" 2> "$root/refused"; then
    fail "installs although nothing was built"
fi
make -s library
echo "install: a program links both libraries with pkg-config, in any folder; uninstall removes" \
    "all files"
