#!/bin/sh
# A library without compression exports the same functions and is smaller. It
# passes all other tests, and its functions for compression report that they are
# not supported.
#
# CARGO and CC may be set.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
cargo=${CARGO:-cargo}
target=$root/target/small
whole=$root/target/lib/libwscodec.so

size() {
    wc -c < "$1"
}

[ -f "$whole" ] || { echo "small: no library at $whole to compare with" >&2; exit 1; }
for type in cdylib staticlib; do
    (cd "$root" && $cargo rustc --quiet --release --locked --no-default-features --features capi \
        --target-dir "$target" --lib --crate-type "$type")
done
library=$target/lib/libwscodec.so
abi=$(sed -n 's/^version = "\([0-9]*\).*/\1/p' "$root/Cargo.toml" | head -n 1)
mkdir -p "$target/lib"
ln -sf ../release/libwscodec.so "$target/lib/libwscodec.so.$abi"
ln -sf "libwscodec.so.$abi" "$target/lib/libwscodec.so"

"$root/tests/gates/symbols.sh" "$library"
"$root/tests/gates/elf.sh" "$target/lib"
"$root/tests/gates/abi.sh" "$target/lib"
if [ "$(size "$library")" -ge "$(size "$whole")" ]; then
    echo "small: $(size "$library") bytes, with compression $(size "$whole")" >&2
    exit 1
fi
make -s -C "$root/tests/c" check DEFLATE= LIBDIR="$target/lib" \
    STATICLIB="$target/release/libwscodec.a" BUILD="$target/tests-c"
echo "small: $(size "$library") bytes without compression, $(size "$whole") with it"
