#!/bin/sh
# Since the recorded ABI, tests/abi/NUMBER/facts.txt, nothing was changed or removed. The record
# holds for the C compiler, too, with 64 and with 32 bits. A program compiled with the header of
# the last release, which is beside the record, runs with the library of today.
#
#   abi.sh [folder of libwscodec.so]
#
# CC and PYTHON may be set.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
libraries=${1:-$root/target/lib}
abi=$(sed -n 's/^#define WS_VERSION_MAJOR \([0-9]*\).*/\1/p' "$root/include/wscodec.h")
old=$root/tests/abi/$abi
work=$root/target/tests-abi
cc=${CC:-cc}
record="${PYTHON:-python3} -B $root/tests/abi/abi_record.py"

fail() {
    echo "abi: $*" >&2
    exit 1
}

mkdir -p "$work"
$record || exit 1

$record --asserts > "$work/asserts.c" || exit 1
compiled=
for width in "" -m64 -m32; do
    # Without the headers of the C library, which are often there for one width alone.
    if echo 'int x;' | $cc $width -ffreestanding -fsyntax-only -x c - 2> /dev/null; then
        $cc -std=c99 $width -ffreestanding -fsyntax-only -I"$root/include" "$work/asserts.c" ||
            fail "the header contradicts the record with $cc $width"
        compiled="$compiled${width:+ $width}"
    fi
done

# In the preprocessed header, each ws_ name before a parenthesis is a function.
$cc -E -P "$old/wscodec.h" | grep -oE '\bws_[a-z0-9_]+ *\(' | tr -d ' (' | sort > "$work/declared"
$cc -std=c99 -Wall -Wextra -pedantic -Werror -O1 -g -I"$old" -I"$root/tests/c" \
    "$old"/*.c "$root/tests/c/check.c" -o "$work/old-program" \
    -L"$libraries" -lwscodec || fail "the old program does not link"
nm -u "$work/old-program" | grep -oE '\bws_[a-z0-9_]+' | sort > "$work/called"
diff "$work/declared" "$work/called" >&2 ||
    fail "the old program does not call (>) every function of its header (<)"
LD_LIBRARY_PATH=$libraries "$work/old-program" > "$work/said" || {
    cat "$work/said" >&2
    fail "a program compiled with tests/abi/$abi/wscodec.h fails"
}
echo "abi: the C compiler agrees$compiled; $(cat "$work/said")"
