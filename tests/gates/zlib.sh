#!/bin/sh
# The functions of the deflate engine have the names of zlib's. They stay hidden:
# the shared library neither exports nor needs them, and the static library links
# with a program that has functions of these names, its own or the system's zlib.
#
#   zlib.sh [libwscodec.so libwscodec.a]
#
# CC may be set.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
shared=${1:-$root/target/lib/libwscodec.so}
static=${2:-$root/target/lib/libwscodec.a}
work=$root/target/tests-gates
cc=${CC:-cc}
flags="-std=c99 -Wall -Wextra -Werror -I$root/include"
names='(in|de)flate[A-Za-z0-9_]*|crc32[a-z0-9_]*|adler32[a-z0-9_]*|zlib[A-Za-z]*'
names="$names|compress[A-Za-z0-9]*|uncompress[0-9]*|get_crc_table|gz[a-z]+|zError|zcalloc|zcfree"

mkdir -p "$work"
if nm -D "$shared" | grep -E " ($names)(@.*)?\$" >&2; then
    echo "zlib: $shared exports or needs these functions" >&2
    exit 1
fi

cat > "$work/zlib.c" << 'C'
#include "wscodec.h"
#include <stdio.h>
#include <string.h>

#ifdef OWN
static int called;
#define F(name) int name(void); int name(void) { called++; return -1; }
F(inflate) F(inflateInit2_) F(inflateEnd) F(inflateReset) F(inflateResetKeep)
F(inflateSyncPoint) F(deflate) F(deflateInit2_) F(deflateEnd) F(deflateReset)
F(crc32) F(adler32) F(zlibVersion) F(compress) F(compressBound) F(uncompress)
#else
const char *zlibVersion(void);
unsigned long crc32(unsigned long crc, const void *buf, unsigned len);
#endif

int main(void)
{
    static const ws_pmd_params pmd;
    unsigned char wire[600];
    ws_conn *from = ws_conn_new(WS_SERVER, NULL);
    ws_conn *to = ws_conn_new(WS_CLIENT, NULL);
    ws_event event;
    size_t used;
    ws_result n;

    if (ws_conn_set_pmd(from, &pmd) != 0 || ws_conn_set_pmd(to, &pmd) != 0) {
        return 2;
    }
    n = ws_conn_send(from, WS_OPCODE_TEXT, 0, "Hello", 5, wire, sizeof wire);
    if (n != 9 || ws_conn_recv(to, wire, 9, &event, 1, &used) != 1 ||
        event.len != 5 || memcmp(ws_event_data(to, wire, &event), "Hello", 5) != 0) {
        return 3;
    }
    ws_conn_free(from);
    ws_conn_free(to);
#ifdef OWN
    return called == 0 && inflate() == -1 && called == 1 ? 0 : 4;
#else
    return crc32(0, "123456789", 9) == 0xcbf43926ul ? puts(zlibVersion()) < 0 : 4;
#endif
}
C

$cc $flags -DOWN "$work/zlib.c" "$static" -o "$work/zlib_own"
"$work/zlib_own" || { echo "zlib: fails in a program with functions of these names ($?)" >&2; exit 1; }
# The shared library must not call them either.
$cc $flags -DOWN -rdynamic "$work/zlib.c" -L"$(dirname "$shared")" \
    -Wl,-rpath,"$(cd "$(dirname "$shared")" && pwd)" -lwscodec -o "$work/zlib_shared"
"$work/zlib_shared" || { echo "zlib: the shared library fails in such a program ($?)" >&2; exit 1; }

seen="no system zlib to test"
for order in "$static -lz" "-Wl,--no-as-needed -lz $static"; do
    echo 'int main(void) { return 0; }' > "$work/empty.c"
    if $cc "$work/empty.c" -lz -o "$work/empty" 2> /dev/null; then
        $cc $flags "$work/zlib.c" $order -o "$work/zlib_system"
        seen="and with zlib $("$work/zlib_system")" ||
            { echo "zlib: fails with the system's zlib" >&2; exit 1; }
    fi
done
echo "zlib: its functions are hidden; works with others of these names, $seen"
