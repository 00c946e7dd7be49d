#!/bin/sh
# A Rust program depends on rust/Cargo.toml as README says, and README's lines
# run in it: in both profiles, with and without compression. The two manifests
# agree on the version and on what they depend on.
#
# CARGO may be set.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
cargo=${CARGO:-cargo}
work=$root/target/tests-rust
unset CARGO_BUILD_TARGET CARGO_TARGET_DIR

# What a manifest says about the package and its dependencies.
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
    # shellcheck disable=SC2086
    said=$($cargo run --quiet $options --target-dir "$work/target")
    [ "$said" = "Text: Hello" ] || { echo "rust: README's program printed '$said'" >&2; exit 1; }
done
# RUSTFLAGS denies warnings in CI: a dependent must see none.
sed -i.old 's/^wscodec = {/& default-features = false,/' Cargo.toml
said=$($cargo run --quiet --target-dir "$work/target")
[ "$said" = "Text: Hello" ] || { echo "rust: without features it printed '$said'" >&2; exit 1; }
echo "rust: README's program runs, with and without compression; the manifests agree"
