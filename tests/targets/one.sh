#!/bin/sh
# one.sh DIR TARGET: runs the tests for a target, and writes DIR/TARGET.passed if all passed. See
# run.sh.
set -eu
cd "$(dirname "$0")/../.."
dir=$(cd "$1" && pwd)
name=$2
passed=$dir/$name.passed
rm -f "$passed"
started=$(date +%s)

fail() {
    echo "one.sh: $name: $*" >&2
    exit 1
}

# What the tests find does not depend on these, and the builds take a third of the time.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
    CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=4 CARGO_INCREMENTAL=0

# Each test in Rust is a line of its own.
written() { # FILE...
    cat "$@" | grep -c '^ *#\[test\]'
}

# Sets `rust` to how many tests passed, `skipped` to how many were filtered out. With those that
# were ignored, they must be all that are written.
test_rust() { # TARGET FILTER...
    target=$1
    shift
    log=$dir/$name.rust.log
    if ! CARGO_TARGET_DIR=$dir/build tests/targets/with.sh "$dir" "$target" \
        cargo test --quiet -- "$@" > "$log" 2>&1; then
        cat "$log"
        fail "the tests in Rust failed"
    fi
    result=$(grep '^test result: ' "$log") || fail "no test in Rust was run"
    echo "$result"
    count() { echo "$result" | sed -n "s/.*[ ;]\([0-9][0-9]*\) $1;.*/\1/p"; }
    rust=$(count passed)
    skipped=$(count "filtered out" || true)
    all=$((rust + $(count ignored) + skipped))
    [ "$all" -eq "$(written tests/rust/*.rs)" ] ||
        fail "$all tests in Rust instead of $(written tests/rust/*.rs)"
}

# Sets `c` to how many programs passed.
test_c() { # TARGET
    log=$dir/$name.c.log
    tests/targets/with.sh "$dir" "$1" \
        make --silent library LIB="$dir/$1/lib" CARGO_DIR="$dir/build" > "$log" 2>&1 || {
        cat "$log"
        fail "the library was not built"
    }
    tests/targets/with.sh "$dir" "$1" make --silent -C tests/c check BUILD="$dir/$1/tests-c" \
        LIBDIR="$dir/$1/lib" STATICLIB="$dir/$1/lib/libwscodec.a" > "$log" 2>&1 || {
        cat "$log"
        fail "the tests in C failed"
    }
    tail -n 1 "$log"
    c=$(sed -n 's/^\([0-9]*\) passed, 0 failed$/\1/p' "$log")
    # One of them is for a library without compression.
    set -- "$1" tests/c/test_*.c
    expected=$(($# - 2))
    [ "$c" = "$expected" ] || fail "$c programs in C instead of $expected"
}

check_compiler() { # TARGET
    oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    version=$(tests/targets/with.sh "$dir" "$1" sh -c '"$RUSTC" --version')
    case $version in
        "rustc $oldest."*) ;;
        *) fail "the compiler is $version instead of $oldest" ;;
    esac
}

# The dearest tests try a part of their inputs where the processor is emulated.
case $name in
    i686-* | x86_64-*-linux-*) ;;
    *) export WSCODEC_ONE_IN="${WSCODEC_ONE_IN:-7}" ;;
esac
case $name in
    *-linux-*)
        check_compiler "$name"
        test_rust "$name"
        [ "$skipped" -eq 0 ] || fail "$skipped tests in Rust were filtered out"
        test_c "$name"
        ;;
    x86_64-*)
        check_compiler x86_64-unknown-linux-gnu
        # The best instruction set of the processor: qemu might not emulate it.
        case $name in
            x86_64-qemu64) export WSCODEC_ISA=Portable ;;
            x86_64-Westmere) export WSCODEC_ISA=Ssse3 ;;
            x86_64-Haswell) export WSCODEC_ISA=Avx2 ;;
            *) fail "unknown processor" ;;
        esac
        runner="qemu-x86_64-static -cpu ${name#x86_64-}"
        export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER="$runner"
        test_rust x86_64-unknown-linux-gnu masking simd utf8 vectors
        # At least those in the files of these names; simd_utf8.rs has two of them.
        chosen=$(written tests/rust/masking.rs tests/rust/simd.rs tests/rust/*utf8.rs \
            tests/rust/vectors*.rs)
        [ "$rust" -ge "$chosen" ] || fail "$rust tests in Rust instead of at least $chosen"
        c=no
        ;;
    *) fail "unknown target" ;;
esac

# Not in a pipe, where it would tell the times of another shell. The second line is of the children.
times > "$dir/$name.times"
cpu=$(awk -F '[ms ]+' 'NR == 2 { printf "%d", 60 * ($1 + $3) + $2 + $4 }' "$dir/$name.times")
printf '%-30s %4s tests in Rust, %2s programs in C, %4s s, %4s s of CPU time\n' \
    "$name" "$rust" "$c" $(($(date +%s) - started)) "$cpu" > "$passed"
