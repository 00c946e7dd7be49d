#!/bin/sh
# The header compiles alone and included twice, without a warning, with every
# installed compiler and every standard of it. Each of its macros works in an
# expression and in #if.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
header=$root/include/wscodec.h
work=$root/target/tests-gates
flags="-Wall -Wextra -pedantic -Wundef -Wconversion -Wsign-conversion -Wshadow -Werror -fsyntax-only"
count=0
status=0
seen=

mkdir -p "$work"
printf '#include "wscodec.h"\n' > "$work/alone.c"
printf '#include "wscodec.h"\n#include "wscodec.h"\n' > "$work/twice.c"

# Every macro with a value, so not WS_API and similar.
macros=$(sed -n 's/^#define \(WS_[A-Z0-9_]*\) \{1,\}[-(0-9].*/\1/p' "$header")
all=$(sed -n 's/^#define \(WS_[A-Z0-9_]*\).*/\1/p' "$header")
if [ "$macros" != "$all" ] || [ -z "$macros" ]; then
    echo "header: the values of these macros are no numbers:" >&2
    echo "$all" | grep -vxF "$macros" >&2
    status=1
fi
if grep -E '^#define WS_[A-Z0-9_]+ +-' "$header" >&2; then
    echo "header: a negative value needs parentheses" >&2
    status=1
fi
{
    printf '#include "wscodec.h"\nlong long wscodec_sum(void);\n'
    printf 'long long wscodec_sum(void)\n{\n    long long sum = 0;\n'
    for macro in $macros; do
        printf '#if %s != (%s)\n#error %s\n#endif\n' "$macro" "$macro" "$macro"
        printf '    sum += 2 * %s - %s / 1;\n' "$macro" "$macro"
    done
    printf '    return sum;\n}\n'
    # In variables of the types that they are for.
    printf 'int wscodec_types(void);\nint wscodec_types(void)\n{\n'
    printf '    uint32_t flags = WS_FIN | WS_RSV1 | WS_RSV2 | WS_RSV3 | WS_MASKED;\n'
    printf '    uint32_t rules = WS_SERVER | WS_CLIENT | WS_DEFLATE | WS_ANY_MASK | WS_KEEP_MASKED;\n'
    printf '    uint32_t features = WS_FEATURE_DEFLATE;\n'
    printf '    uint16_t code = WS_CLOSE_NORMAL;\n    int opcode = WS_OPCODE_TEXT;\n'
    printf '    ws_result error = WS_ERR_UTF8;\n    unsigned char room[WS_MAX_HEADER] = {WS_OPCODE_PONG};\n'
    printf '    switch (opcode) {\n    case WS_OPCODE_TEXT: return (flags & WS_BEGIN) != 0;\n'
    printf '    case WS_OPCODE_BINARY: return (rules & ~WS_CLIENT) != 0;\n'
    printf '    default: return error == WS_OK || code == WS_CLOSE_POLICY || features == 0 || room[0];\n    }\n}\n'
} > "$work/macros.c"

knows() { # compiler, language, standard
    "$1" -std="$3" -fsyntax-only -x "$2" /dev/null 2> /dev/null
}

for compiler in gcc clang g++ clang++; do
    if ! command -v "$compiler" > /dev/null; then
        echo "header: $compiler is not installed: skipped"
        continue
    fi
    case $compiler in
        *++) language=c++ standards="c++11 c++14 c++17 c++20 c++23:c++2b" ;;
        *) language=c standards="c99 c11 c17:c18 c23:c2x" ;;
    esac
    done_with=
    for names in $standards; do
        standard=
        for name in $(echo "$names" | tr : ' '); do
            if [ -z "$standard" ] && knows "$compiler" "$language" "$name"; then
                standard=$name
            fi
        done
        if [ -z "$standard" ]; then
            echo "header: $compiler has no ${names%%:*}: skipped"
            continue
        fi
        for file in alone twice macros; do
            if "$compiler" -std="$standard" $flags -I"$root/include" -x "$language" \
                    "$work/$file.c" 2> "$work/header.log"; then
                count=$((count + 1))
            else
                head -n 10 "$work/header.log" >&2
                echo "header: $file.c fails with $compiler -std=$standard" >&2
                status=1
            fi
        done
        done_with="$done_with $standard"
    done
    seen="$seen $compiler:$done_with;"
done

if [ "$count" -eq 0 ]; then
    echo "header: found no compiler" >&2
    status=1
fi
[ "$status" -eq 0 ] && echo "header: $count compilations without a warning;$seen"
exit "$status"
