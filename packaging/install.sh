#!/bin/sh
# Installs what was built, or removes what was installed.
#
#   install.sh install|uninstall
#
# The environment says where to: PREFIX, LIBDIR, INCLUDEDIR, BINDIR, MANDIR, DOCDIR and
# DESTDIR. It also says what: VERSION, LIBRARIES_FROM, which is the folder of the libraries,
# and BUILT_FOR, which must be what they were built for.
#
# LIBDIR/wscodec/installed lists the files of an installation, so that exactly these are
# removed, by `uninstall` and by an installation over an earlier one.
set -eu
cd "$(dirname "$0")/.."
abi=${VERSION%%.*}
LIBDIR=${LIBDIR%/}
for folder in "$LIBDIR" "$INCLUDEDIR" "$BINDIR" "$MANDIR" "$DOCDIR"; do
    case $folder in
        /*) ;;
        *) echo "not an absolute path: $folder" >&2; exit 2 ;;
    esac
done
installed=$LIBDIR/wscodec/installed

# ---- the files ----

install_all() {
    install_libraries
    into "$INCLUDEDIR" 644 include/wscodec.h include/wscodec.hpp include/wscodec.json
    into "$DOCDIR" 644 LICENSE-APACHE LICENSE-MIT THIRD-PARTY-NOTICES
    if [ -f target/tools/built-for ] && [ "$(cat target/tools/built-for)" = "$BUILT_FOR" ]; then
        into "$BINDIR" 755 target/tools/wsdump target/tools/wscat
        into "$MANDIR/man1" 644 tools/wsdump.1 tools/wscat.1
    fi
    if [ -d target/manual ]; then
        into "$MANDIR/man3" 644 target/manual/man3/*
        into "$MANDIR/man7" 644 target/manual/man7/*
        into "$DOCDIR/html" 644 target/manual/html/*
    fi
}

install_libraries() {
    generate "$LIBDIR/pkgconfig/wscodec.pc" pkg_config 'Libs: -L${libdir} -lwscodec' \
        'Libs.private: -lc'
    for file in wscodec-config.cmake wscodec-config-version.cmake; do
        generate "$LIBDIR/cmake/wscodec/$file" cmake_file "packaging/cmake/$file.in"
    done
    if [ -f "$LIBRARIES_FROM/libwscodec.so.$abi" ]; then
        put 755 "$LIBRARIES_FROM/libwscodec.so.$abi" "$LIBDIR/libwscodec.so.$VERSION"
        link "libwscodec.so.$VERSION" "$LIBDIR/libwscodec.so.$abi"
        link "libwscodec.so.$abi" "$LIBDIR/libwscodec.so"
    fi
    if [ -f "$LIBRARIES_FROM/libwscodec.a" ]; then
        put 644 "$LIBRARIES_FROM/libwscodec.a" "$LIBDIR/libwscodec.a"
        generate "$LIBDIR/pkgconfig/wscodec-static.pc" pkg_config \
            'Libs: -L${libdir} -l:libwscodec.a -lc'
    fi
}

# ---- ways to install one ----

# Every path is recorded before it exists, so that a failure leaves nothing unknown.
record() { # path
    install -d "$DESTDIR${1%/*}" "$DESTDIR${installed%/*}"
    printf '%s\n' "$1" >> "$DESTDIR$installed"
}

put() { # mode, file, path
    record "$3"
    install -m "$1" "$2" "$DESTDIR$3"
}

link() { # target, path
    record "$2"
    ln -sf "$1" "$DESTDIR$2"
}

generate() { # path, command that writes it
    path=$1
    shift
    record "$path"
    "$@" > "$DESTDIR$path"
    chmod 644 "$DESTDIR$path"
}

into() { # folder, mode, files
    folder=$1 mode=$2
    shift 2
    for file; do
        put "$mode" "$file" "$folder/${file##*/}"
    done
}

# ---- generated files ----

below_prefix() { # path
    case $1 in "$PREFIX"/*) true ;; *) false ;; esac
}

# A value of a .pc file: a space separates arguments there.
escaped() {
    printf '%s' "$1" | sed 's/[\\ "'\'']/\\&/g'
}

# A folder, relative to the prefix if it can be, for `pkg-config --define-prefix`.
in_prefix() { # path
    if below_prefix "$1"; then
        printf '${prefix}%s' "$(escaped "${1#"$PREFIX"}")"
    else
        escaped "$1"
    fi
}

pkg_config() { # lines that name the libraries
    cat << PC
prefix=$(escaped "$PREFIX")
libdir=$(in_prefix "$LIBDIR")
includedir=$(in_prefix "$INCLUDEDIR")

Name: wscodec
Description: WebSocket engine (RFC 6455, RFC 7692) that never touches a socket
Version: $VERSION
Cflags: -I\${includedir}
PC
    printf '%s\n' "$@"
}

# INCLUDEDIR as seen from LIBDIR/cmake/wscodec, so that the prefix can be moved.
include_from_cmake() {
    if below_prefix "$LIBDIR" && below_prefix "$INCLUDEDIR"; then
        up=$(printf '%s' "${LIBDIR#"$PREFIX"}" | sed 's|//*[^/]\{1,\}|/..|g')
        printf '%s' "../..$up${INCLUDEDIR#"$PREFIX"}"
    else
        printf '%s' "$INCLUDEDIR"
    fi
}

# 4 for 32-bit libraries, else 8: the fifth byte of an ELF file.
pointer_size() {
    if LC_ALL=C grep -q "$(printf '\177ELF\001')" "$LIBRARIES_FROM"/libwscodec.*; then
        echo 4
    else
        echo 8
    fi
}

cmake_file() { # template
    include=$(include_from_cmake | sed 's/[\\|&]/\\&/g')
    sed -e "s|@VERSION@|$VERSION|g" -e "s|@ABI@|$abi|g" -e "s|@INCLUDEDIR@|$include|g" \
        -e "s|@POINTER_SIZE@|$(pointer_size)|g" "$1"
}

# ---- commands ----

check_built() {
    if [ ! -f "$LIBRARIES_FROM/built-for" ]; then
        echo "nothing was built: run 'make' first" >&2
        exit 1
    fi
    was=$(cat "$LIBRARIES_FROM/built-for")
    if [ "$was" != "$BUILT_FOR" ]; then
        echo "$LIBRARIES_FROM was built for '$was', not for '$BUILT_FOR':" \
            "set DEFLATE and CARGO_BUILD_TARGET as for the build, or run 'make library' again" >&2
        exit 1
    fi
}

remove_all() {
    # The paths are absolute: if the folder was moved, they are those of another installation.
    if [ "$(head -n 1 "$DESTDIR$installed")" != "$LIBDIR/pkgconfig/wscodec.pc" ]; then
        echo "$DESTDIR$installed lists the files of another folder: it was moved" >&2
        exit 1
    fi
    while IFS= read -r path; do
        rm -f "$DESTDIR$path"
    done < "$DESTDIR$installed"
    rm "$DESTDIR$installed"
    rmdir "$DESTDIR$DOCDIR/html" "$DESTDIR$DOCDIR" "$DESTDIR$LIBDIR/cmake/wscodec" \
        "$DESTDIR$LIBDIR/wscodec" 2> /dev/null || true
}

case ${1-} in
    install)
        check_built
        if [ -f "$DESTDIR$installed" ]; then
            remove_all
        fi
        install_all
        echo "installed $(wc -l < "$DESTDIR$installed") files, listed in $DESTDIR$installed"
        [ -n "$DESTDIR" ] || echo "run ldconfig if the dynamic linker searches $LIBDIR"
        ;;
    uninstall)
        if [ ! -f "$DESTDIR$installed" ]; then
            echo "not installed there: $DESTDIR$installed does not exist" >&2
            exit 1
        fi
        remove_all
        ;;
    *)
        echo "usage: install.sh install|uninstall" >&2
        exit 2
        ;;
esac
