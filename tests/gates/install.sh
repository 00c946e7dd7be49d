#!/bin/sh
# What `make install` puts in place is enough to build and run a program with pkg-config,
# against the shared library and against the static one; `make uninstall` leaves nothing.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)/target/install
rm -rf "$root"
make -s install PREFIX="$root" LIBDIR="$root/lib64"
make -s install PREFIX=/opt/w DESTDIR="$root/staging"
test -f "$root/staging/opt/w/include/wscodec.h"
grep -q '^prefix=/opt/w$' "$root/staging/opt/w/lib/pkgconfig/wscodec.pc"
make -s uninstall PREFIX=/opt/w DESTDIR="$root/staging"

export PKG_CONFIG_PATH="$root/lib64/pkgconfig"
cat > "$root/program.c" <<'C'
#include <stdio.h>
#include <wscodec.h>

int main(void) {
    printf("%s\n", ws_version_string());
    return 0;
}
C
cc -o "$root/shared" "$root/program.c" $(pkg-config --cflags --libs wscodec)
cc -o "$root/static" "$root/program.c" $(pkg-config --cflags wscodec) \
    "$root/lib64/libwscodec.a" $(pkg-config --variable=nothing wscodec)
version=$(pkg-config --modversion wscodec)
test "$(LD_LIBRARY_PATH="$root/lib64" "$root/shared")" = "$version"
test "$("$root/static")" = "$version"

make -s uninstall PREFIX="$root" LIBDIR="$root/lib64"
left=$(find "$root" \( -name '*wscodec*' -o -type l \) -print)
test -z "$left" || { echo "left behind: $left" >&2; exit 1; }
echo "install: a program links both libraries by pkg-config; nothing is left behind"
