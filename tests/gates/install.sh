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
    readelf -d "$root/shared" | grep -q 'NEEDED.*libwscodec' || fail "the shared library is not used"
}

# Everything that was built is there.
is_complete() { # prefix
    has "$1/include" include/wscodec.*
    has "$1/share/doc/wscodec" LICENSE-APACHE LICENSE-MIT THIRD-PARTY-NOTICES
    for tool in wsdump wscat; do
        "$1/bin/$tool" --help > /dev/null || fail "$tool does not start"
        has "$1/share/man/man1" "$tool.1"
    done
    for section in man3 man7; do
        has "$1/share/man/$section" target/manual/$section/*
    done
    diff -r target/manual/html "$1/share/doc/wscodec/html" || fail "another manual"
}

make -s library tools manual
for name in "$root/plain" "$root/with a space" "$root/a|b&c"; do
    make -s install PREFIX="$name" LIBDIR="$name/lib64"
    touch "$name/include/foreign" "$name/lib64/foreign"
    program_works "$name/lib64" ""
    is_complete "$name"
    mv "$name" "$root/moved"
    program_works "$root/moved/lib64" --define-prefix
    if make -s uninstall PREFIX="$root/moved" LIBDIR="$root/moved/lib64" 2> "$root/refused"; then
        fail "removes the files that an installation had before it was moved"
    fi
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
[ ! -e "$root/plain/bin/wscat" ] || fail "installs a program built for another target"
make -s uninstall PREFIX="$root/plain"
leaves_nothing "$root/plain"

for folder in relative \~/folder; do
    if make -s install PREFIX="$folder" 2> "$root/refused"; then
        fail "installs into $folder"
    fi
    grep -q 'not an absolute path' "$root/refused" || fail "$folder: $(cat "$root/refused")"
done

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
