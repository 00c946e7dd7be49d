#!/bin/sh
# CMake: FetchContent and add_subdirectory() build the library with cargo, as a part of
# another project.
. "$(dirname "$0")/common.sh"

cp "$source/examples-c/echo_fork.c" echo.c
cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.16)
project(echo C)
include(FetchContent)
FetchContent_Declare(wscodec SOURCE_DIR "${WSCODEC}") # or GIT_REPOSITORY and GIT_TAG
FetchContent_MakeAvailable(wscodec)

add_executable(echo echo.c)
target_link_libraries(echo PRIVATE wscodec::wscodec)
add_executable(echo_static echo.c)
target_link_libraries(echo_static PRIVATE wscodec::wscodec_static)
END
cmake -S . -B build -G Ninja -DWSCODEC="$source"
cmake --build build

echoes_shared build/echo
echoes_static build/echo_static

# The same with add_subdirectory(), with make, and without compression. Only the static
# library is linked, so cargo builds only that.
sed -e '/FetchContent/d' -e '/^add_executable(echo /,/wscodec::wscodec)/d' \
    -e '/^project/a add_subdirectory("${WSCODEC}" wscodec)' CMakeLists.txt > with_add_subdirectory
mv with_add_subdirectory CMakeLists.txt
cmake -S . -B small -G "Unix Makefiles" -DWSCODEC="$source" -DWSCODEC_DEFLATE=OFF
cmake --build small

echoes_static small/echo_static
[ ! -e small/wscodec/lib/libwscodec.so.0 ] || fail "builds a library that nothing links"
nm build/echo_static | grep -q zlib_rs || fail "compression cannot be recognised"
if nm small/echo_static | grep -q zlib_rs; then fail "contains compression"; fi
