#!/bin/sh
# cargo-c: `cargo cinstall` installs the libraries, the headers and `wscodec.pc` as
# `make install` does.
. "$(dirname "$0")/common.sh"

PATH=$source/target/cargo-c/bin:$PATH
if ! command -v cargo-cinstall > /dev/null; then
    echo "skipped: cargo-c is not installed"
    exit 77
fi
cargo cinstall --release --manifest-path "$source/Cargo.toml" \
    --target-dir "$source/target/first-steps/cargo-c-target" \
    --prefix "$prefix" --libdir "$prefix/lib"

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"
cp "$source/examples-c/echo_fork.c" echo.c
cc -o echo echo.c $(pkg-config --cflags --libs wscodec)
cc -o echo_static echo.c $(pkg-config --cflags wscodec) "$prefix/lib/libwscodec.a"
echoes_shared ./echo
echoes_static ./echo_static

# The same names as those of `make install`, and the same header and flags.
make -s -C "$source" install PREFIX="$work/made"
names() {
    (cd "$1" && find include lib -name '*wscodec*' ! -type d ! -path '*/cmake/*' \
        ! -name wscodec-static.pc | sort)
}
[ "$(names "$prefix")" = "$(names "$work/made")" ] || fail "other files than those of make install:
$(names "$prefix")"
cmp "$prefix/include/wscodec.h" "$work/made/include/wscodec.h"
for question in --modversion --cflags --libs; do
    made=$(PKG_CONFIG_PATH=$work/made/lib/pkgconfig pkg-config $question wscodec)
    here=$(pkg-config $question wscodec | sed "s|$prefix|$work/made|g")
    [ "$here" = "$made" ] || fail "pkg-config $question: $here, not $made"
done
