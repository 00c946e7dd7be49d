#!/bin/sh
# CMake: find_package() finds what `make install` installed.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"

cp "$source/examples-c/echo_fork.c" echo.c
cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.16)
project(echo C)
find_package(wscodec 0.1 CONFIG REQUIRED)

add_executable(echo echo.c)
target_link_libraries(echo PRIVATE wscodec::wscodec)

add_executable(echo_static echo.c)
target_link_libraries(echo_static PRIVATE wscodec::wscodec_static)
END
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix"
cmake --build build

echoes_shared build/echo
echoes_static build/echo_static
