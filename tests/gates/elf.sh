#!/bin/sh
# The shared library is hardened: full RELRO (all symbols bound at load time, then read-only),
# no executable stack, no segment that is writable and executable, no relocations of code, and
# no search path. The static library asks for no executable stack either. (symbols.sh checks what
# is exported and needed.) The same checks find each of these defects in a library that has it.
#
# IBT and SHSTK are not among them: Rust compiles for them only with -Zcf-protection, which is
# not stable, and its prebuilt core is not compiled so. A process that enforces one of them
# cannot load the library without turning it off. The gate prints what the library declares.
#
#   elf.sh [folder of libwscodec.so and libwscodec.a]
#
# CC may be set.
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
libraries=${1:-$root/target/lib}
work=$root/target/tests-gates
cc=${CC:-cc}

fail() {
    echo "elf: $*" >&2
    exit 1
}

[ -f "$libraries/libwscodec.so" ] || fail "no library in $libraries: run make"

# One line for each defect of a shared library.
defects() { # file
    readelf -dW "$1" > "$work/dynamic" && readelf -lW "$1" > "$work/program" || echo "is no ELF file"
    # "LOAD R E": the type and flags of each segment.
    sed -n 's/^ *\([A-Z_]*\) .*0x[0-9a-f]* \([R ][W ][E ]\) .*/\1 \2/p' "$work/program" \
        > "$work/segments"
    grep -q '^LOAD' "$work/segments" || echo "has no segment"
    grep -q '^GNU_RELRO' "$work/segments" || echo "has no RELRO"
    grep -qE 'BIND_NOW|Flags:.* NOW' "$work/dynamic" || echo "binds lazily"
    grep -q '^GNU_STACK RW $' "$work/segments" || echo "wants an executable stack"
    grep -q '^LOAD .WE$' "$work/segments" && echo "has writable code"
    grep -q 'TEXTREL' "$work/dynamic" && echo "relocates its code"
    grep -qE '\((RPATH|RUNPATH)\)' "$work/dynamic" && echo "has a search path"
}

# A library linked with the flags must have the defect and, by the checks, no other.
finds() { # defect, flags
    defect=$1
    shift
    $cc -shared -fPIC -o "$work/defect.so" "$work/defect.c" -Wl,-z,relro,-z,now "$@" \
        2> "$work/defect.log" || { cat "$work/defect.log" >&2; fail "cannot link with $*"; }
    [ "$(defects "$work/defect.so")" = "$defect" ] ||
        fail "a library linked with $* should be one that $defect: $(defects "$work/defect.so")"
}

# Each object file says that it needs no executable stack.
stack_is_data() { # archive
    readelf -SW "$1" > "$work/sections"
    files=$(grep -c '^File: ' "$work/sections")
    [ "$files" -gt 0 ] &&
        [ "$(grep -cE ' \.note\.GNU-stack +PROGBITS( +[0-9a-f]+){4} +0 ' "$work/sections")" -eq "$files" ]
}

mkdir -p "$work"
printf 'int puts(const char *);\nint f(void) { return puts("x"); }\n' > "$work/defect.c"
finds ""
finds "has no RELRO" -Wl,-z,norelro
finds "binds lazily" -Wl,-z,lazy
finds "wants an executable stack" -Wl,-z,execstack
finds "has a search path" -Wl,-rpath,/tmp
finds "has a search path" -Wl,-rpath,/tmp,--disable-new-dtags
printf '__asm__(".text\\n.dc.a puts\\n");\n' >> "$work/defect.c"
finds "relocates its code" -Wl,-z,notext
printf '__asm__(".section .both, \\"awx\\", %%progbits\\n.byte 0\\n");\n' > "$work/defect.c"
finds "has writable code"

for flags in '' x; do
    printf '__asm__(".section .note.GNU-stack, \"%s\", %%progbits");\n' "$flags" > "$work/defect.c"
    rm -f "$work/defect.a"
    $cc -c -o "$work/defect.o" "$work/defect.c" || fail "cannot compile"
    ar rc "$work/defect.a" "$work/defect.o" || fail "cannot make an archive"
    if stack_is_data "$work/defect.a"; then found=''; else found=x; fi
    [ "$found" = "$flags" ] || fail "the check of stacks does not see the flags '$flags'"
done

found=$(defects "$libraries/libwscodec.so")
[ -z "$found" ] || fail "$libraries/libwscodec.so $found"
if [ -f "$libraries/libwscodec.a" ]; then
    stack_is_data "$libraries/libwscodec.a" || fail "libwscodec.a wants an executable stack"
fi
declared=$(readelf -nW "$libraries/libwscodec.so" | sed -n 's/.*\(x86\|AArch64\) feature: //p')
echo "elf: full RELRO, no executable stack, no writable code, no text relocations, no search path;" \
    "declares ${declared:-neither IBT nor SHSTK}"
