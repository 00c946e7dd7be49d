#!/bin/sh
# with.sh DIR TARGET COMMAND...: runs a command in which cargo, make and the tests use the compiler
# that install.sh unpacked below DIR, and compile for TARGET. RUN_UNDER is how its programs are run.
set -eu
dir=$(cd "$1" && pwd)
target=$2
shift 2
case $target in
    aarch64-unknown-linux-gnu) gnu=aarch64-linux-gnu runner="qemu-aarch64-static -L %" ;;
    armv7-unknown-linux-gnueabihf) gnu=arm-linux-gnueabihf runner="qemu-arm-static -L %" ;;
    s390x-unknown-linux-gnu) gnu=s390x-linux-gnu runner="qemu-s390x-static -L %" ;;
    # The processor runs these programs itself, with the loader of the cross compiler's C library.
    i686-unknown-linux-gnu)
        gnu=i686-linux-gnu runner="%/lib/ld-linux.so.2 --library-path %/lib" ;;
    x86_64-unknown-linux-gnu) gnu="" ;;
    *) echo "with.sh: unknown target $target" >&2; exit 2 ;;
esac
export RUSTC="$dir/root/usr/bin/rustc" LD_LIBRARY_PATH="$dir/root/usr/lib/x86_64-linux-gnu"
export CARGO_BUILD_TARGET="$target" RUN_UNDER=""
if [ -n "$gnu" ]; then
    upper=$(echo "$target" | tr a-z- A-Z_)
    lower=$(echo "$target" | tr - _)
    RUN_UNDER=$(echo "$runner" | sed "s|%|/usr/$gnu|g")
    export CC="$gnu-gcc" "CC_$lower=$gnu-gcc" "AR_$lower=$gnu-ar" \
        "CARGO_TARGET_${upper}_LINKER=$gnu-gcc" "CARGO_TARGET_${upper}_RUNNER=$RUN_UNDER"
fi
exec "$@"
