#!/bin/sh
# man finds the page of every function and type, and renders it in 80 columns;
# mandoc, groff and tidy have no complaint about the manual.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/target/tests-gates/manual
status=0

fail() {
    echo "manual: $*" >&2
    status=1
}

for tool in man lexgrog col mandoc groff tidy; do
    command -v "$tool" > /dev/null || { echo "manual: no $tool" >&2; exit 1; }
done
rm -rf "$work"
PYTHONPATH=$root/docs "${PYTHON:-python3}" -B -m manual --out "$work" || exit 1

names=$(sed -n 's/.*{"\(function\|struct\|type\)": "\(.*\)"}.*/\2/p' "$root/include/wscodec.json")
functions=$(grep -c '^ *{"function": ' "$root/include/wscodec.json")
declared=$(grep -c '^WS_API' "$root/include/wscodec.h")
[ "$functions" -eq "$declared" ] || fail "$declared functions in the header, $functions in the JSON"

found=0
find_page() { # SECTION NAME
    page=$(man -M "$work" -w "$1" "$2") && [ "$page" = "$work/man$1/$2.$1" ] ||
        fail "man -w does not find $2($1)"
    found=$((found + 1))
    wide=$(MANWIDTH=80 man -M "$work" -Tascii "$1" "$2" | col -bx | grep -E '.{81}')
    [ -z "$wide" ] || fail "$2($1) is wider than 80 columns: $wide"
}
for name in $names; do
    find_page 3 "$name"
done
for name in wscodec wscodec-errors wscodec-constants; do
    find_page 7 "$name"
done

for page in "$work"/man?/*; do
    lint=$(mandoc -T lint -W warning "$page"; groff -man -ww -z -T utf8 "$page" 2>&1)
    [ -z "$lint" ] || fail "$lint"
    # apropos and whatis read the same line.
    lexgrog "$page" > /dev/null || fail "$page has no line for whatis"
done
for page in "$work"/html/*.html; do
    # tidy does not know all attributes of HTML 5.
    lint=$(tidy -quiet -errors --warn-proprietary-attributes no "$page" 2>&1)
    [ -z "$lint" ] || fail "$page: $lint"
done

[ "$status" -eq 0 ] && echo "manual: man finds $found pages; mandoc, groff and tidy are content"
exit "$status"
