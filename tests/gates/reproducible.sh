#!/bin/sh
# The shared library is the same, byte for byte, when it is built in another folder, with the
# crates in another CARGO_HOME, in another time zone and under another umask.
#
# CARGO may be set.
set -eu
export LC_ALL=C
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR
cd "$(dirname "$0")/../.."
work=$(pwd)/target/reproducible
home=${CARGO_HOME:-$HOME/.cargo}
# Folders of different lengths and depths, one with a space.
first=$work/a
second="$work/another folder/below it/b"

fail() {
    echo "reproducible: $*" >&2
    exit 1
}

# What the build reads: cargo wants the tests that Cargo.toml names, too.
copy_to() { # folder
    mkdir -p "$1"
    cp -R Cargo.toml Cargo.lock Makefile build.rs build src include "$1"
    mkdir "$1/tests"
    cp -R tests/rust "$1/tests"
}

# The same downloads and settings below another path.
other_home() { # folder
    mkdir -p "$1"
    find "$home" -mindepth 1 -maxdepth 1 ! -name '.*' -exec ln -s {} "$1" \;
}

rm -rf "$work"
copy_to "$first"
(umask 022 && TZ=UTC make -s -C "$first" library LIBRARIES=shared)
(umask 077 && copy_to "$second" && other_home "$work/cargo home" &&
    CARGO_HOME="$work/cargo home" TZ=Asia/Tokyo make -s -C "$second" library LIBRARIES=shared)

one=$first/target/lib/libwscodec.so two=$second/target/lib/libwscodec.so
[ -s "$one" ] || fail "built no library"
cmp "$one" "$two" || fail "the two libraries differ"
for path in "$work" "$home"; do
    if grep -qaF "$path" "$one"; then
        fail "the library contains the path $path"
    fi
done
sum=$(sha256sum < "$one")
rm -rf "$work"
echo "reproducible: two builds in different folders are equal, sha256 ${sum%% *}"
