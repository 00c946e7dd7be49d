#!/bin/sh
# Meson finds the library through pkg-config.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"

cp "$source/examples-c/echo_fork.c" echo.c
cat > meson.build << 'END'
project('echo', 'c')
executable('echo', 'echo.c', dependencies: dependency('wscodec', version: '>=0.1'))
executable('echo_static', 'echo.c', dependencies: dependency('wscodec', static: true))
END
meson setup build --pkg-config-path "$prefix/lib/pkgconfig"
meson compile -C build

echoes_shared build/echo
echoes_static build/echo_static
