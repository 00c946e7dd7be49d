#!/bin/sh
# install.sh DIR: unpacks below DIR Debian's packages of Rust 1.85, the oldest version that this
# project supports, with the standard library of each target. The machine's own toolchain stays as
# it is. Also installs the cross compilers and qemu, which needs root. Downloads about 300 MB.
set -eu
version='1.85.0+dfsg3-1~deb12u3'

mkdir -p "${1:?usage: install.sh DIR}"
dir=$(cd "$1" && pwd)

"$(dirname "$0")/../tools/packages.sh" qemu-user-static gcc-aarch64-linux-gnu \
    gcc-arm-linux-gnueabihf gcc-s390x-linux-gnu gcc-i686-linux-gnu libc6-dev-arm64-cross \
    libc6-dev-armhf-cross libc6-dev-s390x-cross libc6-dev-i386-cross

if [ -e "$dir/ready-$version" ]; then exit 0; fi
rm -rf "$dir/root" "$dir/debs"
mkdir -p "$dir/root" "$dir/debs"

# The lists of packages are kept for each architecture, so that those of the machine do not change.
apt_for() { # ARCHITECTURE COMMAND...
    lists="$dir/lists-$1"
    mkdir -p "$lists/partial"
    architecture=$1
    shift
    apt-get -qq "-oAPT::Architecture=$architecture" "-oAPT::Architectures=$architecture" \
        "-oDir::State::Lists=$lists" -oAPT::Sandbox::User=root "$@"
}

download() { # ARCHITECTURE PACKAGE...
    echo "downloading packages for $1"
    architecture=$1
    shift
    # A list of another repository may fail.
    apt_for "$architecture" update || true
    (cd "$dir/debs" && apt_for "$architecture" download "$@")
}

download amd64 libllvm19 "rustc-web=$version" "libstd-rust-web-1.85=$version" \
    "libstd-rust-web-dev=$version"
for architecture in arm64 armhf i386 s390x; do
    download "$architecture" "libstd-rust-web-dev=$version"
done
for deb in "$dir"/debs/*.deb; do
    dpkg -x "$deb" "$dir/root"
done
rm -r "$dir/debs"
touch "$dir/ready-$version"
