#!/bin/sh
# A program builds and runs with the files of `make install` and pkg-config, with
# the shared and with the static library, for folders of any name, and after the
# folder was moved. `make uninstall`, or another `make install`, removes all files
# of the installation and no others. Only libraries of the last build are
# installed, and only if it was for this target.
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
    left=$(find "$1" \( ! -type d -o -name '*wscodec*' \) ! -name foreign -print)
    [ -z "$left" ] || fail "not removed: $left"
}

has() { # folder, files
    folder=$1
    shift
    for file; do
        [ -s "$folder/${file##*/}" ] || fail "no ${file##*/} in $folder"
    done
}

program_works() { # library folder, further options of pkg-config
    PKG_CONFIG_PATH="$1/pkgconfig"
    export PKG_CONFIG_PATH
    version=$(pkg-config --modversion wscodec)
    # The flags are quoted for a shell.
    eval "cc -o '$root/shared' '$root/program.c' $(pkg-config $2 --cflags --libs wscodec)"
    eval "cc -o '$root/static' '$root/program.c' $(pkg-config $2 --cflags --libs wscodec-static)"
    [ "$(LD_LIBRARY_PATH="$1" "$root/shared")" = "$version" ] || fail "shared, in $1"
    [ "$("$root/static")" = "$version" ] || fail "static, in $1"
    if "$root/shared" > /dev/null 2>&1; then fail "the shared library is not used"; fi
}

# Everything that was built is there.
is_complete() { # prefix
    has "$1/include" include/wscodec.*
    has "$1/share/doc/wscodec" LICENSE-APACHE LICENSE-MIT THIRD-PARTY-NOTICES
    for tool in wsdump wscat; do
        if [ -f "target/tools/$tool" ]; then
            "$1/bin/$tool" --help > /dev/null || fail "$tool does not start"
            has "$1/share/man/man1" "$tool.1"
        fi
    done
    for section in man3 man7; do
        if [ -d target/manual/$section ]; then
            has "$1/share/man/$section" target/manual/$section/*
        fi
    done
    if [ -d target/manual/html ]; then
        diff -r target/manual/html "$1/share/doc/wscodec/html" || fail "another manual"
    fi
}

make -s library
for name in "$root/plain" "$root/with a space" "$root/a|b&c"; do
    make -s install PREFIX="$name" LIBDIR="$name/lib64"
    touch "$name/include/foreign" "$name/lib64/foreign"
    program_works "$name/lib64" ""
    is_complete "$name"
    mv "$name" "$root/moved"
    program_works "$root/moved/lib64" --define-prefix
    mv "$root/moved" "$name"
    make -s uninstall PREFIX="$name" LIBDIR="$name/lib64"
    leaves_nothing "$name"
    if make -s uninstall PREFIX="$name" LIBDIR="$name/lib64" 2> "$root/refused"; then
        fail "removes what is not installed"
    fi
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

# Over an installation of both.
make -s library
make -s install PREFIX="$root/plain"
make -s library LIBRARIES=static
make -s install PREFIX="$root/plain"
[ ! -e "$root/plain/lib/libwscodec.so" ] || fail "installs a shared library that was not built"
make -s uninstall PREFIX="$root/plain"

rm -rf target/lib
if make -s install PREFIX="$root/plain" 2> "$root/refused"; then
    fail "installs although nothing was built"
fi
make -s library
echo "install: a program links both libraries with pkg-config, in any folder, and after a move;" \
    "uninstall removes all files"
