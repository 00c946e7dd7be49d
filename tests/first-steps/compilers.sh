#!/bin/sh
# gcc and clang, C99 to C17 and C++11 to C++23, the shared and the static library, found by
# pkg-config, CMake and Meson.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"

cp "$source/tests/first-steps/decode.c" .
cp decode.c decode.cpp
count=0

works() { # program, description
    [ "$("$1")" = Hello ] || fail "$2 does not print Hello"
    count=$((count + 1))
}

all_work() { # folder of programs, description
    for program in "$1"/decode_*; do
        if [ -f "$program" ]; then
            works "$program" "$program, $2"
        fi
    done
}

by_hand() { # compiler, file, standards
    compiler=$1 file=$2
    shift 2
    for standard; do
        for package in wscodec wscodec-static; do
            "$compiler" -std="$standard" -Wall -Wextra -Wconversion -pedantic -Werror \
                -o program "$file" $(pkg-config --cflags --libs "$package")
            works ./program "$compiler -std=$standard with $package"
        done
    done
}

# c++2b is C++23 to compilers that are older than it.
for compiler in gcc clang; do
    by_hand "$compiler" decode.c c99 c11 c17
done
for compiler in g++ clang++; do
    by_hand "$compiler" decode.cpp c++11 c++14 c++17 c++20 c++2b
done

cat > CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.20)
project(decode C CXX)
find_package(wscodec 0.1 CONFIG REQUIRED)

function(decode source standard library)
    set(name decode_${standard}_${library})
    add_executable(${name} ${source})
    target_compile_features(${name} PRIVATE ${standard})
    target_link_libraries(${name} PRIVATE wscodec::${library})
endfunction()

foreach(library wscodec wscodec_static)
    foreach(year 99 11 17)
        decode(decode.c c_std_${year} ${library})
    endforeach()
    foreach(year 11 14 17 20 23)
        decode(decode.cpp cxx_std_${year} ${library})
    endforeach()
endforeach()
END
cat > meson.build << 'END'
project('decode', 'c', 'cpp')
foreach static : [false, true]
  library = dependency('wscodec', static: static)
  foreach std : ['c99', 'c11', 'c17']
    executable(f'decode_@std@_@static@', 'decode.c',
      dependencies: library, c_args: '-std=' + std)
  endforeach
  foreach std : ['c++11', 'c++14', 'c++17', 'c++20', 'c++2b']
    executable(f'decode_@std@_@static@'.replace('+', 'p'), 'decode.cpp',
      dependencies: library, cpp_args: '-std=' + std)
  endforeach
endforeach
END
for compilers in "gcc g++" "clang clang++"; do
    export CC="${compilers% *}" CXX="${compilers#* }"
    cmake -S . -B "cmake-$CC" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "cmake-$CC"
    all_work "cmake-$CC" "CMake with $compilers"
    meson setup "meson-$CC"
    meson compile -C "meson-$CC"
    all_work "meson-$CC" "Meson with $compilers"
done

[ "$count" -eq 96 ] || fail "$count programs instead of 96"
