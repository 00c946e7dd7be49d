#!/bin/sh
# No panic is reachable in the release library. Built with
# --cfg wscodec_panic_probe, the panic handler calls a function that does not
# exist, so that the library links only if nothing can reach the handler. To
# prove that the probe works, a copy of the crate with one indexing must not link.
#
# The deflate engine is a dependency and can panic. The probe replaces it by
# functions that the compiler cannot see.
#
# CARGO may be set.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
cargo=${CARGO:-cargo}
target=$root/target/probe
copy=$root/target/probe-copy
log=$root/target/tests-gates/panic.log

mkdir -p "$root/target/tests-gates"
engine=$root/target/tests-gates/engine.o
for name in zlibVersion deflateInit2_ deflate deflateEnd inflateInit2_ inflate \
        inflateSyncPoint inflateResetKeep inflateEnd; do
    echo "int $name(void) { return 0; }"
done | ${CC:-cc} -fPIC -c -x c -o "$engine" -

probe() { # folder of a crate, further arguments
    folder=$1
    shift
    (cd "$folder" && RUSTFLAGS="--cfg wscodec_panic_probe" $cargo rustc --quiet --release \
        --locked --target-dir "$target" --lib --crate-type cdylib "$@" -- \
        -C link-arg=-Wl,-z,defs -C link-arg="$engine") > "$log" 2>&1
}

for features in capi,deflate capi; do
    if ! probe "$root" --no-default-features --features "$features"; then
        tail -n 30 "$log" >&2
        if grep -q wscodec_can_panic "$log"; then
            echo "panic: a panic is reachable ($features)" >&2
        else
            echo "panic: the probe does not build ($features)" >&2
        fi
        exit 1
    fi
done

rm -rf "$copy"
mkdir -p "$copy"
cp -R "$root/Cargo.toml" "$root/Cargo.lock" "$root/build.rs" "$root/src" "$copy"
[ ! -d "$root/build" ] || cp -R "$root/build" "$copy"
# Without tests, and in no workspace.
sed '/^\[\[test\]\]/,/^$/d; /^\[\[bench\]\]/,/^$/d; /^\[\[example\]\]/,/^$/d' \
    "$root/Cargo.toml" > "$copy/Cargo.toml"
printf '\n[workspace]\n' >> "$copy/Cargo.toml"
cat >> "$copy/src/lib.rs" << 'PANIC'

/// Can panic.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wscodec_index(at: usize) -> u8 {
    b"abc"[at]
}
PANIC

if probe "$copy"; then
    echo "panic: the probe links although a panic is reachable, so it proves nothing" >&2
    exit 1
fi
if ! grep -q wscodec_can_panic "$log"; then
    tail -n 30 "$log" >&2
    echo "panic: the copy fails to build for another reason" >&2
    exit 1
fi
rm -rf "$copy"
echo "panic: none is reachable, and the probe notices one"
