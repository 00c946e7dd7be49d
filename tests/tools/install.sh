#!/bin/sh
# Installs the tools of `make test-all`: Debian packages (as root, only
# those whose command is missing), and npm packages below target/node.
set -eu
cd "$(dirname "$0")/../.."

packages=""
need() { # COMMAND PACKAGE
    command -v "$1" > /dev/null || packages="$packages $2"
}
need gcc gcc
need g++ g++
need valgrind valgrind
need clang clang
need clang++ clang
need curl curl
need pkg-config pkg-config
need cmake cmake
need ninja ninja-build
need meson meson
need dh debhelper
need dpkg-buildpackage dpkg-dev
need lintian lintian
need node nodejs
need npm npm
need chromium chromium
need firefox-esr firefox-esr
need luajit luajit
need go golang-go
need javac default-jdk-headless
need php php-cli
need swig swig
need tcpdump tcpdump
need shellcheck shellcheck
need mandoc mandoc
need man man-db
need col bsdextrautils
need groff groff
need tidy tidy
need python3-config python3-dev
# Libraries of the examples, and other packages without a command.
package() { # PACKAGE...
    packages="$packages $*"
}
package libclang-rt-dev # tests/sanitizers
package libjna-java lua-socket # bindings
package libasio-dev # examples-cpp
package libuv1-dev libevent-dev liburing-dev libglib2.0-dev libssl-dev libgnutls28-dev \
    libcurl4-openssl-dev # examples-c/loops
package libnghttp2-dev nghttp2-client # examples-c/h2_server
package libpcap-dev # tools
package libhiredis-dev libjansson-dev redis-server iproute2 systemd # examples-chat
package libwslay-dev libwebsockets-dev # the code before, in docs/moving.md
package openssl nginx-light haproxy # docs/guide.md, examples-chat

tests/tools/packages.sh $packages

mkdir -p target/node
cp -r tests/node/. target/node/
if ! cmp -s tests/node/package-lock.json target/node/installed; then
    echo "installing npm packages below target/node: ws, undici, puppeteer-core"
    (cd target/node && npm ci --silent --no-audit --no-fund)
    cp tests/node/package-lock.json target/node/installed
fi
