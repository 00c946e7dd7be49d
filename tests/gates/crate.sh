#!/bin/sh
# `make` and `make install` work in the packed crate, and install the same files as in this
# checkout.
#
# CARGO may be set.
set -eu
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR
cd "$(dirname "$0")/../.."
source=$(pwd)
root=$source/target/crate
cargo=${CARGO:-cargo}
rm -rf "$root"
mkdir -p "$root"

$cargo package --quiet --no-verify --allow-dirty --target-dir "$root/packed"
tar -xzf "$root"/packed/package/wscodec-*.crate -C "$root"
cd "$root"/wscodec-*
# In a crate all files have the same old time; cargo would not notice that they have changed.
find . -type f -exec touch {} +
# The dependencies are compiled already.
mkdir -p target "$source/target/header"
ln -s "$source/target/header" target/header
CARGO_TARGET_DIR=$source/target make -s
make -s install PREFIX="$root/from_crate"
make -s -C "$source" library tools
make -s -C "$source" install PREFIX="$root/from_checkout"

cd "$root"
for from in crate checkout; do
    (cd "from_$from" && find . | sort) > "list_$from"
done
if ! diff list_checkout list_crate; then
    echo "crate: make install has other files (>) from the crate than from the checkout (<)" >&2
    exit 1
fi
size=$(cat packed/package/wscodec-*.crate | wc -c)
echo "crate: $size bytes; make install finds all $(grep -c . from_crate/lib/wscodec/installed) files"
