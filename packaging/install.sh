#!/bin/sh
# Installs what `make library` put into target/lib, or removes it again.
#
#   install.sh install|uninstall
#
# The environment says where to and what: PREFIX, LIBDIR, INCLUDEDIR, DOCDIR,
# DESTDIR, VERSION, and BUILT_FOR, which must be what target/lib was built for.
set -eu
cd "$(dirname "$0")/.."
built=target/lib
abi=${VERSION%%.*}
lib=$DESTDIR$LIBDIR
include=$DESTDIR$INCLUDEDIR
doc=$DESTDIR$DOCDIR
notices="LICENSE-APACHE LICENSE-MIT THIRD-PARTY-NOTICES"
forms="wscodec.h wscodec.hpp wscodec.json"

# A value of a .pc file: a space parts arguments there.
escaped() {
    printf '%s' "$1" | sed 's/[\\ "'\'']/\\&/g'
}

pkg_config() {
    cat << PC
prefix=$(escaped "$PREFIX")
libdir=$(escaped "$LIBDIR")
includedir=$(escaped "$INCLUDEDIR")

Name: wscodec
Description: WebSocket engine (RFC 6455, RFC 7692) that never touches a socket
Version: $VERSION
Libs: -L\${libdir} -lwscodec
Libs.private: -lc
Cflags: -I\${includedir}
PC
}

put() {
    if [ ! -f "$built/built-for" ]; then
        echo "nothing was built: run 'make' first" >&2
        exit 1
    fi
    if [ "$(cat "$built/built-for")" != "$BUILT_FOR" ]; then
        echo "target/lib was built for '$(cat "$built/built-for")', not for '$BUILT_FOR':" \
            "run 'make library' first" >&2
        exit 1
    fi
    install -d "$lib/pkgconfig" "$include" "$doc"
    if [ -f "$built/libwscodec.so.$abi" ]; then
        install -m 755 "$built/libwscodec.so.$abi" "$lib/libwscodec.so.$VERSION"
        ln -sf "libwscodec.so.$VERSION" "$lib/libwscodec.so.$abi"
        ln -sf "libwscodec.so.$abi" "$lib/libwscodec.so"
    fi
    if [ -f "$built/libwscodec.a" ]; then
        install -m 644 "$built/libwscodec.a" "$lib/libwscodec.a"
    fi
    for file in $forms; do
        install -m 644 "include/$file" "$include/$file"
    done
    for file in $notices; do
        install -m 644 "$file" "$doc/$file"
    done
    pkg_config > "$lib/pkgconfig/wscodec.pc"
}

take() {
    for file in "libwscodec.so.$VERSION" "libwscodec.so.$abi" libwscodec.so libwscodec.a \
            pkgconfig/wscodec.pc; do
        rm -f "$lib/$file"
    done
    for file in $forms; do
        rm -f "$include/$file"
    done
    for file in $notices; do
        rm -f "$doc/$file"
    done
    if [ -d "$doc" ]; then
        rmdir "$doc" 2> /dev/null || true
    fi
}

case ${1-} in
    install) put ;;
    uninstall) take ;;
    *) echo "usage: install.sh install|uninstall" >&2; exit 2 ;;
esac
