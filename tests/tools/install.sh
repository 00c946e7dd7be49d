#!/bin/sh
# Installs the tools of `make test-all`: Debian packages (as root, only
# those whose command is missing), and npm packages below target/node.
set -eu
cd "$(dirname "$0")/../.."

missing=""
need() { # COMMAND PACKAGE
    command -v "$1" > /dev/null || missing="$missing $2"
}
need valgrind valgrind
need clang clang
need clang++ clang
need curl curl
need pkg-config pkg-config
need node nodejs
need npm npm
need chromium chromium
need luajit luajit
need go golang-go
need javac default-jdk-headless
[ -f /usr/share/java/jna.jar ] || missing="$missing libjna-java"
luajit -e 'require("socket")' 2> /dev/null || missing="$missing lua-socket"
need php php-cli
need swig swig
need python3-config python3-dev
# Libraries of the examples, and other packages without a command.
package() { # PACKAGE...
    for name in "$@"; do
        dpkg -s "$name" > /dev/null 2>&1 || missing="$missing $name"
    done
}
package libuv1-dev libevent-dev liburing-dev libglib2.0-dev libssl-dev libgnutls28-dev \
    libcurl4-openssl-dev # examples-c/loops

if [ -n "$missing" ]; then
    echo "installing Debian packages:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing \
        > /dev/null
fi

mkdir -p target/node
cp -r tests/node/. target/node/
if ! cmp -s tests/node/package-lock.json target/node/installed; then
    echo "installing npm packages below target/node: ws, playwright-core"
    (cd target/node && npm ci --silent --no-audit --no-fund)
    cp tests/node/package-lock.json target/node/installed
fi
