#!/bin/sh
# Installs cargo-c below target/cargo-c, for `cargo cinstall`: about three minutes. Its version is
# one for Rust 1.95.
set -eu
cd "$(dirname "$0")/../.."

command -v cargo-cinstall > /dev/null && exit
[ -x target/cargo-c/bin/cargo-cinstall ] && exit
echo "installing cargo-c below target/cargo-c"
CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked cargo-c@0.10.24 \
    --bin cargo-cinstall --root target/cargo-c --target-dir target/cargo-c/build
rm -rf target/cargo-c/build
