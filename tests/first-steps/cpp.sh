#!/bin/sh
# A C++ program, with CMake: with wscodec.hpp, and with the C functions.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"

cp "$source"/tests/first-steps/*.[ch]pp .
cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.16)
project(echo CXX)
find_package(wscodec 0.1 CONFIG REQUIRED)

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
add_compile_options(-Wall -Wextra -Wconversion -pedantic -Werror)

foreach(program echo echo_c_api)
    add_executable(${program} ${program}.cpp)
    target_link_libraries(${program} PRIVATE wscodec::wscodec)
    add_executable(${program}_static ${program}.cpp)
    target_link_libraries(${program}_static PRIVATE wscodec::wscodec_static)
endforeach()
END
for compiler in g++ clang++; do
    cmake -S . -B "$compiler" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler"
    cmake --build "$compiler"

    for program in "$compiler"/echo*; do
        case $program in
            *_static) echoes_static "$program" ;;
            *) echoes_shared "$program" ;;
        esac
    done
done
