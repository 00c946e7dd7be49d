#!/bin/sh
# Builds the Debian packages in target/deb: prepares a source tree that has everything,
# so that the build downloads nothing, and calls dpkg-buildpackage.
#
# The environment: VERSION, CARGO, PYTHON.
set -eu
cd "$(dirname "$0")/.."
work=$(pwd)/target/deb
tree=$work/wscodec-$VERSION
cargo=${CARGO:-cargo}

if ! grep -q "^wscodec ($VERSION-" packaging/debian/changelog; then
    echo "packaging/debian/changelog has no entry for version $VERSION: add one" >&2
    exit 1
fi
rm -rf "$work"
mkdir -p "$tree"

# What the crate consists of, which is what `make install` needs.
$cargo package --quiet --list --allow-dirty | while IFS= read -r file; do
    if [ -f "$file" ]; then
        mkdir -p "$tree/$(dirname "$file")"
        cp -p "$file" "$tree/$file"
    fi
done
CARGO=$cargo ${PYTHON:-python3} packaging/vendor.py "$tree"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -cJf \
    "$work/wscodec_$VERSION.orig.tar.xz" "wscodec-$VERSION"

cp -R packaging/debian "$tree/debian"
${PYTHON:-python3} packaging/copyright.py "$tree/vendor" > "$tree/debian/copyright"

cd "$tree"
# Cargo and rustc may come from elsewhere, where those of the distribution are too old.
without=
if ! dpkg-checkbuilddeps 2> "$work/missing"; then
    sed 's/.*: error: //; s/$/ (as packages): continuing without/' "$work/missing"
    without=-d
fi
# debhelper sets HOME to a folder without toolchains.
export RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
dpkg-buildpackage -us -uc $without
