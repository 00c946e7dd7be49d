#!/bin/sh
# gcc and clang, C99 to C17 and C++11 to C++23, the shared and the static library.
. "$(dirname "$0")/common.sh"

make -s -C "$source" install PREFIX="$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" LD_LIBRARY_PATH="$prefix/lib"

cp "$source/tests/first-steps/decode.c" .
cp decode.c decode.cpp

works() { # compiler, standard, file, package
    "$1" -std="$2" -Wall -Wextra -Wconversion -pedantic -Werror -o program "$3" \
        $(pkg-config --cflags --libs "$4")
    [ "$(./program)" = Hello ] || fail "$1 -std=$2, $4: not Hello"
}

for package in wscodec wscodec-static; do
    for standard in c99 c11 c17; do
        works gcc "$standard" decode.c "$package"
        works clang "$standard" decode.c "$package"
    done
    # c++2b is what compilers of before 2023 call C++23.
    for standard in c++11 c++14 c++17 c++20 c++2b; do
        works g++ "$standard" decode.cpp "$package"
        works clang++ "$standard" decode.cpp "$package"
    done
done
