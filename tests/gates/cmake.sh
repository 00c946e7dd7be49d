#!/bin/sh
# find_package(wscodec) accepts exactly the versions that are compatible, reports a
# library that is not installed, and works in a folder of any name, after the folder
# was moved, and through a symbolic link. `cmake --install` installs the files that
# `make install` does.
set -eu
cd "$(dirname "$0")/../.."
source=$(pwd)
root=$source/target/cmake
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR
rm -rf "$root"
mkdir -p "$root/question" "$root/program"
count=0

fail() {
    echo "cmake: $*" >&2
    exit 1
}

# ---- what is found ----

cat > "$root/question/CMakeLists.txt" << 'END'
cmake_minimum_required(VERSION 3.19)
project(question LANGUAGES NONE)
set(CMAKE_SIZEOF_VOID_P ${POINTERS})
find_package(wscodec ${QUESTION})
END

ask() { # prefix, arguments of find_package, further options
    count=$((count + 1))
    prefix=$1 question=$2
    shift 2
    cmake -S "$root/question" -B "$root/answer" -DCMAKE_PREFIX_PATH="$prefix" \
        -DQUESTION="$(echo "$question" | tr ' ' ';')" "$@" > "$root/log" 2>&1
}

found() {
    rm -rf "$root/answer"
    ask "$@" || fail "not found: '$2' in $1: $(cat "$root/log")"
}

refused() { # what the message has to contain, then as for ask
    message=$1
    shift
    rm -rf "$root/answer"
    if ask "$@"; then fail "found: '$2' in $1"; fi
    tr -s ' \n' ' ' < "$root/log" | grep -qF -- "$message" ||
        fail "no '$message' in $(cat "$root/log")"
}

make -s library
make -s install PREFIX="$root/both"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}

found "$root/both" "CONFIG REQUIRED"
found "$root/both" "$version EXACT CONFIG REQUIRED"
found "$root/both" "$major.$minor CONFIG REQUIRED"
found "$root/both" "$major.0.1 CONFIG REQUIRED"
found "$root/both" "$major.0...$major.99 CONFIG REQUIRED"
found "$root/both" "$version...<$major.99 CONFIG REQUIRED"
refused "version: $version" "$root/both" "$major.$((minor + 1)) CONFIG REQUIRED"
refused "version: $version" "$root/both" "$((major + 1)) CONFIG REQUIRED"
refused "version: $version" "$root/both" "$major.0.1 EXACT CONFIG REQUIRED"
refused "version: $version" "$root/both" "$major.0...<$version CONFIG REQUIRED"
refused "version: $version" "$root/both" "$major.$((minor + 1))...$major.99 CONFIG REQUIRED"
found "$root/both" "CONFIG REQUIRED" -DPOINTERS=8
refused "for pointers of 8 bytes" "$root/both" "CONFIG REQUIRED" -DPOINTERS=4

found "$root/both" "CONFIG REQUIRED COMPONENTS shared static"
refused "no fast library of wscodec" "$root/both" "CONFIG REQUIRED COMPONENTS fast"
make -s library LIBRARIES=static
make -s install PREFIX="$root/static"
found "$root/static" "CONFIG REQUIRED COMPONENTS static OPTIONAL_COMPONENTS shared"
refused "no shared library of wscodec" "$root/static" "CONFIG REQUIRED COMPONENTS shared"
make -s library LIBRARIES=shared
make -s install PREFIX="$root/shared"
refused "no static library of wscodec" "$root/shared" "CONFIG REQUIRED COMPONENTS static"
make -s library

# ---- programs ----

cat > "$root/program/CMakeLists.txt" << 'END'
cmake_minimum_required(VERSION 3.16)
project(program C)
find_package(wscodec CONFIG REQUIRED)
find_package(wscodec CONFIG REQUIRED) # a second time, as in a project of several folders
foreach(library wscodec wscodec_static)
    add_executable(with_${library} program.c)
    target_link_libraries(with_${library} PRIVATE wscodec::${library})
endforeach()
END
cat > "$root/program/program.c" << 'END'
#include <stdio.h>
#include <wscodec.h>

int main(void) {
    return puts(ws_version_string()) < 0;
}
END

works_in() { # prefix
    rm -rf "$root/build"
    cmake -S "$root/program" -B "$root/build" -DCMAKE_PREFIX_PATH="$1" > "$root/log" 2>&1 &&
        cmake --build "$root/build" >> "$root/log" 2>&1 || fail "in $1: $(cat "$root/log")"
    for library in wscodec wscodec_static; do
        [ "$("$root/build/with_$library")" = "$version" ] || fail "$library, in $1"
        needed=$(readelf -d "$root/build/with_$library" | grep -c 'NEEDED.*libwscodec') || true
        case $library:$needed in
            wscodec:1 | wscodec_static:0) ;;
            *) fail "with_$library has the wrong library" ;;
        esac
    done
}

works_in "$root/both"
mv "$root/both" "$root/moved with spaces"
works_in "$root/moved with spaces"
make -s install PREFIX="$root/system/usr" LIBDIR="$root/system/usr/lib/multi-arch"
ln -s usr/lib "$root/system/lib"
rm -rf "$root/build"
cmake -S "$root/program" -B "$root/build" > "$root/log" 2>&1 \
    -Dwscodec_DIR="$root/system/lib/multi-arch/cmake/wscodec" && cmake --build "$root/build" \
    >> "$root/log" 2>&1 || fail "through a symbolic link: $(cat "$root/log")"
# Outside the prefix: the path of the header is absolute.
make -s install PREFIX="$root/apart" INCLUDEDIR="$root/headers"
works_in "$root/apart"

# ---- cmake --install ----

cmake -S . -B "$root/whole" -G Ninja > "$root/log" 2>&1 &&
    cmake --build "$root/whole" >> "$root/log" 2>&1 &&
    cmake --install "$root/whole" --prefix "$root/by cmake" >> "$root/log" 2>&1 ||
    fail "the project does not build: $(cat "$root/log")"
works_in "$root/by cmake"
make -s install PREFIX="$root/by make"
for by in cmake make; do
    (cd "$root/by $by" && find . | sort) > "$root/by_$by"
done
diff "$root/by_make" "$root/by_cmake" || fail "cmake --install (>) installs others than make (<)"
[ "$(cat "$root/whole/install_manifest.txt")" = "$(cat "$root/by cmake/lib/wscodec/installed")" ] ||
    fail "install_manifest.txt does not list the installed files"

echo "cmake: find_package is correct for $count questions; programs link both libraries"
