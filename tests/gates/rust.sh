#!/bin/sh
# The Rust program in README.md runs in a crate that depends on rust/Cargo.toml as
# README.md describes: in both profiles, with and without compression. The two
# manifests have the same version and dependencies.
#
# CARGO may be set.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
cargo=${CARGO:-cargo}
work=$root/target/tests-rust
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR

# The package and the dependencies of a manifest.
facts() {
    sed -n '/^\[package\]/,/^\[/s/^\(version\|edition\|rust-version\|license\) = /&/p' "$1"
    sed -n '/^\[dependencies\]/,/^\[/p; /^\[target\./,/^\[/p' "$1" | grep ' = {\| = "' | sort
}
facts "$root/Cargo.toml" > "$root/target/manifest"
facts "$root/rust/Cargo.toml" > "$root/target/manifest-rust"
diff "$root/target/manifest" "$root/target/manifest-rust" >&2 ||
    { echo "rust: Cargo.toml (<) and rust/Cargo.toml (>) differ" >&2; exit 1; }

rm -rf "$work/program"
mkdir -p "$work"
$cargo new --quiet --vcs none "$work/program" --name program
cd "$work/program"
printf '\n[workspace]\n' >> Cargo.toml
$cargo add --quiet --path "$root/rust"
sed -n '/^```rust$/,/^```$/p' "$root/README.md" | sed '1d;$d' > src/main.rs
[ -s src/main.rs ] || { echo "rust: README has no Rust program" >&2; exit 1; }
for options in "" "--release"; do
    printed=$($cargo run --quiet $options --target-dir "$work/target")
    [ "$printed" = "Text: Hello" ] || { echo "rust: the program in README.md printed '$printed'" >&2; exit 1; }
done
# No warning for a dependent crate: RUSTFLAGS denies warnings in CI.
sed -i.old 's/^wscodec = {/& default-features = false,/' Cargo.toml
printed=$($cargo run --quiet --target-dir "$work/target")
[ "$printed" = "Text: Hello" ] || { echo "rust: without features it printed '$printed'" >&2; exit 1; }
echo "rust: the program in README.md runs, with and without compression; the manifests agree"
