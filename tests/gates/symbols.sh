#!/bin/sh
# The shared library exports exactly the functions of the header, and calls none
# of them through the dynamic linker. It needs only libc, and its SONAME has the
# ABI number.
#
#   symbols.sh [libwscodec.so]
#
# CC may be set.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
library=${1:-$root/target/lib/libwscodec.so}
header=$root/include/wscodec.h
work=$root/target/tests-gates
status=0

fail() {
    echo "symbols: $*" >&2
    status=1
}

# same <what> <file> <other file>
same() {
    if ! diff "$2" "$3" > "$work/difference"; then
        fail "$1"
        cat "$work/difference" >&2
    fi
}

[ -f "$library" ] || { fail "no library at $library"; exit 1; }
mkdir -p "$work"

# In the preprocessed header, each ws_ name before a parenthesis is a function.
${CC:-cc} -E -P "$header" > "$work/header.i" || { fail "the header does not preprocess"; exit 1; }
grep -oE '\bws_[a-z0-9_]+ *\(' "$work/header.i" | tr -d ' (' | sort > "$work/declared"
nm -D --defined-only "$library" | sed 's/.* //' | sort > "$work/exported"
nm -D --defined-only "$library" | awk '$2 != "T"' > "$work/no_functions"
sed -n 's/^F(\(.*\))$/\1/p' "$root/tests/c/functions.def" | sort > "$work/tested"

[ -s "$work/declared" ] || fail "found no function in the header"
[ -z "$(uniq -d "$work/declared")" ] || fail "declared twice: $(uniq -d "$work/declared")"
same "the exports (>) are not the functions of the header (<)" "$work/declared" "$work/exported"
[ -s "$work/no_functions" ] && fail "exports other symbols than functions: $(cat "$work/no_functions")"
same "tests/c/functions.def (>) does not list the functions of the header (<)" \
    "$work/declared" "$work/tested"

readelf -dW "$library" > "$work/dynamic" || fail "readelf cannot read $library"
# A call that goes through the dynamic linker could end in a function of the
# application that has the same name.
readelf -rW "$library" | grep -E ' ws_[a-z0-9_]+' > "$work/own_calls" &&
    fail "calls its exports through the dynamic linker: $(cat "$work/own_calls")"

needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' "$work/dynamic" | paste -sd ' ')
case " $needed " in
    *" libc.so"*) ;;
    *) fail "does not need libc, but: $needed" ;;
esac
for name in $needed; do
    case $name in
        libc.so.6 | libc.so | libc.musl-*.so.1 | ld-linux*.so.* | ld-musl-*.so.1) ;;
        *) fail "needs $name, but should need only libc" ;;
    esac
done

major=$(sed -n 's/^#define WS_VERSION_MAJOR \([0-9]*\).*/\1/p' "$header")
soname=$(sed -n 's/.*(SONAME).*\[\(.*\)\].*/\1/p' "$work/dynamic")
[ "$soname" = "libwscodec.so.$major" ] || fail "SONAME is '$soname', not libwscodec.so.$major"

if [ "$status" -eq 0 ]; then
    echo "symbols: $(wc -l < "$work/exported") functions, needs $needed, SONAME $soname"
fi
exit "$status"
