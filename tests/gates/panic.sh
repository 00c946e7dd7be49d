#!/bin/sh
# No panic is reachable in the release library. Built with
# --cfg wscodec_panic_probe, the panic handler calls a function that does not
# exist, so that the library links only if nothing can reach the handler. A
# copy of the crate with one indexing in it must not link: the probe works.
#
# The deflate engine is another's work, and can panic by its own account. In its
# place stand functions of which nothing is known.
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

probe() { # in a crate's folder, with further arguments
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
# Its tests stay behind, and it belongs to no workspace.
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
    echo "panic: the probe links although a panic is reachable; it proves nothing" >&2
    exit 1
fi
if ! grep -q wscodec_can_panic "$log"; then
    tail -n 30 "$log" >&2
    echo "panic: the copy does not build, for another reason" >&2
    exit 1
fi
rm -rf "$copy"
echo "panic: none is reachable, and the probe notices one"
