#!/bin/sh
# wscodec.hpp compiles alone and twice, without a warning, with every installed compiler and
# every standard from C++17 on, with and without exceptions and RTTI. It defines no macro
# but its guard, names every C function, links in several files of different standards, and
# rejects programs that forget the output or the error of a read.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/target/tests-gates/wrapper
warnings="-Wall -Wextra -Wpedantic -Wundef -Wconversion -Wsign-conversion -Wshadow \
    -Wold-style-cast -Wnon-virtual-dtor -Wswitch-enum -Werror"
count=0
status=0

mkdir -p "$work"
cd "$work" || exit 1

fail() {
    echo "wrapper: $*" >&2
    status=1
}

compile() { # compiler, standard, option...
    compiler=$1 standard=$2
    shift 2
    "$compiler" -std="$standard" $warnings -I"$root/include" "$@" 2> log
}

printf '#include "wscodec.hpp"\n' > alone.cpp
printf '#include "wscodec.hpp"\n#include "wscodec.hpp"\n' > twice.cpp

matrix() { # compiler
    for names in c++17 c++20 c++23:c++2b; do
        for standard in $(echo "$names" | tr : ' '); do
            "$1" -std="$standard" -fsyntax-only -x c++ /dev/null 2> /dev/null || continue
            for options in -fexceptions '-fno-exceptions -fno-rtti'; do
                for file in alone twice; do
                    if compile "$1" "$standard" -fsyntax-only $options $file.cpp; then
                        count=$((count + 1))
                    else
                        head -n 10 log >&2
                        fail "$file.cpp fails with $1 -std=$standard $options"
                    fi
                done
            done
            seen="$seen $1 $standard;"
            break
        done
    done
}

seen= # compilers and standards
done_with= # compilers, as files
for compiler in "${CXX:-c++}" g++ clang++; do
    file=$(command -v "$compiler") || continue
    file=$(readlink -f "$file")
    case $done_with in *" $file "*) continue ;; esac
    done_with="$done_with $file "
    matrix "$compiler"
done
[ "$count" -gt 0 ] || fail "found no compiler"

# ---- macros and functions ----

macros() {
    printf '#include "%s"\n' "$1" | "${CXX:-c++}" -std=c++17 -I"$root/include" -dM -E -x c++ - |
        sed -n 's/^#define \(WS_[A-Z0-9_]*\|WSCODEC[A-Z0-9_]*\).*/\1/p' | sort
}
macros wscodec.h > c
macros wscodec.hpp > cpp
leaked=$(comm -13 c cpp)
[ "$leaked" = WSCODEC_HPP ] || fail "defines macros: $leaked"
directives=$(sed -n 's/^# *define \([A-Za-z0-9_]*\).*/\1/p' "$root/include/wscodec.hpp")
[ "$directives" = WSCODEC_HPP ] || fail "defines macros: $directives"

functions=$(sed -n 's/^F(\(.*\))/\1/p' "$root/tests/c/functions.def")
for function in $functions; do
    grep -q "\<$function\>" "$root/include/wscodec.hpp" || fail "does not name $function()"
done

# ---- several files, of different standards ----

cat > one.cpp << 'CPP'
#include "wscodec.hpp"
std::error_code one(ws::connection &conn, std::string &out);
std::error_code one(ws::connection &conn, std::string &out) {
    return conn.send(ws::opcode::text, "hi", out) ? ws::errc::eof : ws::errc::utf8;
}
CPP
cat > main.cpp << 'CPP'
#include "wscodec.hpp"
std::error_code one(ws::connection &conn, std::string &out);
int main() {
    ws::connection conn(ws::side::server);
    std::string out;
    return one(conn, out) == ws::errc::utf8 && out.size() == 4 ? 0 : 1;
}
CPP
lib=$root/target/lib
compile "${CXX:-c++}" c++17 -c one.cpp -o one.o || fail "one.cpp: $(cat log)"
compile "${CXX:-c++}" c++20 main.cpp one.o -o linked "$lib/libwscodec.a" ||
    fail "main.cpp: $(cat log)"
./linked || fail "files of two standards do not work together"

# ---- an error from a library that hides its symbols ----

cat > hidden.cpp << 'CPP'
#include "wscodec.hpp"
__attribute__((visibility("default"))) std::error_code hidden();
std::error_code hidden() {
    return ws::errc::utf8;
}
CPP
cat > across.cpp << 'CPP'
#include "wscodec.hpp"
std::error_code hidden();
int main() {
    const std::error_code error = hidden();
    return error == ws::errc::utf8 && ws::close_code_for(error) == ws::close_code::invalid_data
               ? 0
               : 1;
}
CPP
if compile "${CXX:-c++}" c++17 -fPIC -shared -fvisibility=hidden -fvisibility-inlines-hidden \
    hidden.cpp -o libhidden.so "$lib/libwscodec.a" &&
    compile "${CXX:-c++}" c++17 across.cpp -o across -L. -Wl,-rpath,"$PWD" -lhidden \
        "$lib/libwscodec.a"; then
    ./across || fail "an error differs from the same error of a shared library"
else
    fail "across.cpp: $(cat log)"
fi

# ---- macros of other headers, e.g. of Windows ----

{
    sed -n '/^#include </p' "$root/include/wscodec.hpp" | grep -v span
    cat << 'CPP'
#define min(a, b) not an expression
#define max(a, b) not an expression
#define small char
#define interface struct
#define near
#define far
#define IN
#define OUT
#define OPTIONAL
#define ERROR 0
#define NO_ERROR 0
#define DELETE 0
#define TEXT(x) L##x
#define major(x) not an expression
#define minor(x) not an expression
#define unix 1
#define linux 1
#include "wscodec.hpp"
CPP
} > macros.cpp
compile "${CXX:-c++}" c++17 -fsyntax-only macros.cpp || fail "macros.cpp: $(cat log)"

# ---- programs that must not compile ----

program() { # statement
    cat > program.cpp << CPP
#include "wscodec.hpp"
void run(ws::connection &conn, std::string &in, std::string &out);
void run(ws::connection &conn, std::string &in, std::string &out) {
    std::error_code error;
    $1
    static_cast<void>(conn), static_cast<void>(in), static_cast<void>(out);
}
CPP
}
accepts() { # statement
    program "$1"
    compile "${CXX:-c++}" c++17 -fsyntax-only program.cpp || fail "rejects $1: $(cat log)"
}
rejects() { # statement
    program "$1"
    compile "${CXX:-c++}" c++17 -fsyntax-only program.cpp && fail "accepts $1"
    count=$((count + 1))
}
accepts 'for (const ws::event &e : conn.read(in, out, error)) static_cast<void>(e);'
rejects 'for (const ws::event &e : conn.read(in, out)) static_cast<void>(e);'
rejects 'for (const ws::event &e : conn.read(in, error)) static_cast<void>(e);'
rejects 'for (const ws::event &e : conn.read(in)) static_cast<void>(e);'
rejects 'for (const ws::event &e : conn.read(in, out, std::error_code())) static_cast<void>(e);'
rejects 'for (const ws::event &e : conn.read(std::string("x"), out, error)) static_cast<void>(e);'
rejects 'conn.read(in, out, error);'
accepts 'error = conn.send(ws::opcode::text, "hi", out);'
rejects 'conn.send(ws::opcode::text, "hi", out);'
rejects 'conn.close(ws::close_code::normal, "", out);'
rejects 'conn.finish();'
accepts 'static_cast<void>(ws::accept(in, ws::accept_spec(), out));'
rejects 'ws::accept(in, ws::accept_spec(), out);'
rejects 'ws::connection copy = conn;'
rejects 'char text[9] = ""; error = conn.send(ws::opcode::text, text, out);'
rejects 'error = conn.send(1, "hi", out);'
accepts 'ws::bytes none; static_cast<void>(none);'
rejects 'ws::bytes none = nullptr;'
# Views of temporaries.
accepts 'const auto key = ws::make_key(); ws::request_spec spec; spec.key = *key;'
rejects 'ws::request_spec spec; spec.key = *ws::make_key();'
rejects 'for (const ws::event &e : ws::connection().read(in, out, error)) static_cast<void>(e);'
accepts 'ws::decoder d; for (const ws::frame &f : d.read(in, error)) static_cast<void>(f);'
rejects 'for (const ws::frame &f : ws::decoder().read(in, error)) static_cast<void>(f);'
# Success is not "compression is on".
accepts 'ws::pmd_params p = {}; if (*ws::pmd::confirm_value(in, p)) return;'
rejects 'ws::pmd_params p = {}; if (ws::pmd::confirm_value(in, p)) return;'

[ "$status" -eq 0 ] && echo "wrapper: $count compilations as expected;$seen"
exit "$status"
