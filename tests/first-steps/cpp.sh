#!/bin/sh
# A C++ program, with CMake.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"

cp "$source/tests/first-steps/echo.cpp" .
cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.16)
project(echo CXX)
find_package(wscodec 0.1 CONFIG REQUIRED)

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
add_compile_options(-Wall -Wextra -Wconversion -pedantic -Werror)

add_executable(echo echo.cpp)
target_link_libraries(echo PRIVATE wscodec::wscodec)
add_executable(echo_static echo.cpp)
target_link_libraries(echo_static PRIVATE wscodec::wscodec_static)
END
cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix"
cmake --build build

echoes_shared build/echo
echoes_static build/echo_static
