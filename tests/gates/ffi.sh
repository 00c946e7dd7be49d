#!/bin/sh
# LuaJIT and PHP's FFI call the library with the unchanged output of
# `cc -E -P -DWSCODEC_FFI`, and SWIG wraps it. (tests/python/test_generators.py
# does the same with cffi.)
#
# CC may be set.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
library=$root/target/lib/libwscodec.so
work=$root/target/tests-ffi
cc=${CC:-cc}
accept='s3pPLMBiTxaQ9kYGzzhZRbK+xOo='

fail() {
    echo "ffi: $*" >&2
    exit 1
}

mkdir -p "$work"
cd "$work"
$cc -E -P -DWSCODEC_FFI "$root/include/wscodec.h" > wscodec.i
if grep -nE '^#|__attribute__|noexcept|WS_API|typedef .*size_t;$' wscodec.i |
        grep -v ws_result >&2; then
    fail "these lines are not plain declarations"
fi

cat > try.lua << 'LUA'
local ffi = require("ffi")
ffi.cdef(io.open("wscodec.i"):read("*a"))
local ws = ffi.load(arg[1])
local key, out = "dGhlIHNhbXBsZSBub25jZQ==", ffi.new("char[?]", ws.WS_ACCEPT_LEN)
assert(ws.ws_accept_key(key, #key, out, ws.WS_ACCEPT_LEN) == ws.WS_ACCEPT_LEN)
assert(ws.ws_sizeof(ws.WS_TYPE_EVENT) == ffi.sizeof("ws_event"))
print(ffi.string(out, ws.WS_ACCEPT_LEN))
LUA
[ "$(luajit try.lua "$library")" = "$accept" ] || fail "LuaJIT fails"

cat > try.php << 'PHP'
<?php
$ws = FFI::cdef(file_get_contents("wscodec.i"), $argv[1]);
$key = "dGhlIHNhbXBsZSBub25jZQ==";
$out = $ws->new("char[28]");
$ws->ws_accept_key($key, strlen($key), $out, $ws->WS_ACCEPT_LEN) === 28 or exit(1);
$ws->ws_sizeof($ws->WS_TYPE_EVENT) === FFI::sizeof($ws->type("ws_event")) or exit(2);
echo FFI::string($out, 28), "\n";
PHP
[ "$(php -d ffi.enable=1 try.php "$library")" = "$accept" ] || fail "PHP fails"

# A Python module of SWIG must compile; it is not run.
cat > ws.i << 'SWIG'
%module ws
%{
#include <wscodec.h>
%}
%include <stdint.i>
%include "wscodec.i"
SWIG
swig -python -o ws_wrap.c ws.i || fail "SWIG fails"
grep -q '_wrap_ws_conn_recv' ws_wrap.c || fail "SWIG wraps nothing"
# Python.h may not be installed.
if headers=$(python3-config --includes 2> /dev/null); then
    $cc -fsyntax-only -I"$root/include" $headers ws_wrap.c || fail "the output of SWIG does not compile"
fi
echo "ffi: LuaJIT, PHP and SWIG work with the preprocessed header"
