#!/bin/sh
# The static library, with pkg-config: the program runs without the shared library.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"

cp "$source/examples-c/echo_fork.c" echo.c
cc -o echo echo.c $(pkg-config --cflags --libs wscodec-static) -Wl,--gc-sections
echoes_static ./echo

# A program that uses the decoder alone contains little else.
size_of() {
    cc -O2 -s -o sized "$1" $(pkg-config --cflags --libs wscodec-static) -Wl,--gc-sections
    size sized | awk 'NR == 2 { print $1 + $2 + $3 }'
}
echo 'int main(void) { return 0; }' > empty.c
cp "$source/tests/first-steps/decode.c" .
more=$(($(size_of decode.c) - $(size_of empty.c)))
echo "the decoder needs $more bytes"
[ "$more" -lt 16384 ] || fail "the decoder needs $more bytes"

# A program that needs no shared library at all.
cc -static -o echo_alone echo.c $(pkg-config --cflags --libs wscodec-static) -Wl,--gc-sections
echoes_static ./echo_alone
! readelf -d echo_alone | grep NEEDED || fail "-static leaves shared libraries"

# Inside a plugin: the functions of the library are not exported by it.
printf '#include <wscodec.h>\nunsigned plugin(void);\nunsigned plugin(void) { return ws_version(); }\n' \
    > plugin.c
cc -shared -fPIC -o plugin.so plugin.c $(pkg-config --cflags --libs wscodec-static) \
    -Wl,--exclude-libs,ALL -Wl,--gc-sections
exports=$(nm -D --defined-only plugin.so | sed 's/.* //' | tr '\n' ' ')
[ "$exports" = "plugin " ] || fail "the plugin exports $exports"

# Beside another static library in Rust, in either order: the two runtimes do not clash.
cat > other.rs << 'RUST'
#[unsafe(no_mangle)]
pub extern "C" fn other(n: u32) -> u32 {
    std::panic::catch_unwind(|| (0..n).collect::<Vec<_>>().iter().sum()).unwrap_or(0)
}
RUST
rustc --edition 2024 -O --crate-type staticlib other.rs
printf '#include <wscodec.h>\nunsigned other(unsigned);\nint main(void) { return other(10) != 45 || ws_features() == 0; }\n' \
    > both.c
ours=$(pkg-config --cflags --libs wscodec-static)
for libraries in "libother.a $ours" "$ours libother.a"; do
    cc -o both both.c $libraries
    ./both || fail "linked with $libraries"
done
