#!/bin/sh
# pkg-config and a compiler, without a build system.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"

cp "$source/examples-c/echo_fork.c" echo.c
cc -o echo echo.c $(pkg-config --cflags --libs wscodec)
export LD_LIBRARY_PATH="$prefix/lib"
echoes_shared ./echo

# A program that finds the library by itself: an rpath instead of LD_LIBRARY_PATH.
unset LD_LIBRARY_PATH
cc -o echo_rpath echo.c $(pkg-config --cflags --libs wscodec) -Wl,-rpath,"$prefix/lib"
echoes_shared ./echo_rpath
