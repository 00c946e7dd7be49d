#!/bin/sh
# Debian: the packages that `make deb` builds are installed, and serve gcc, pkg-config and CMake.
. "$(dirname "$0")/common.sh"

make -C "$source" deb
lintian --allow-root --info --display-info --fail-on error,warning,info \
    "$source"/target/deb/*.changes

# Unpacked into a folder: a root of its own, as a chroot or a cross compiler has.
for package in "$source"/target/deb/*.deb; do
    dpkg -x "$package" root
done
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
libdir=$PWD/root/usr/lib/$multiarch
export PKG_CONFIG_LIBDIR="$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$PWD/root"
export LD_LIBRARY_PATH="$libdir"

cp "$source/examples-c/echo_fork.c" echo.c
cc -o echo echo.c $(pkg-config --cflags --libs wscodec)
echoes_shared ./echo
cc -o echo_static echo.c $(pkg-config --cflags --libs wscodec-static)
echoes_static ./echo_static

cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.16)
project(echo C)
find_package(wscodec 0.1 CONFIG REQUIRED)
add_executable(echo echo.c)
target_link_libraries(echo PRIVATE wscodec::wscodec)
END
cmake -S . -B build -DCMAKE_PREFIX_PATH="$PWD/root/usr"
cmake --build build
echoes_shared build/echo
