#!/bin/sh
# Installs the peers that are no crates: Debian packages (as root, only those that are missing),
# and packages of Python and Node below target/. A peer that cannot be installed is not an error:
# its rows state that they were not run.
set -u
cd "$(dirname "$0")/.." || exit
PYTHON=${PYTHON:-python3}

missing=""
need() { # FILE-OR-COMMAND PACKAGE
    [ -e "$1" ] || command -v "$1" > /dev/null || missing="$missing $2"
}
need c++ g++
need /usr/include/wslay/wslay.h libwslay-dev
need /usr/include/openssl/sha.h libssl-dev
need node nodejs
need npm npm
tests/tools/packages.sh $missing >&2 || echo "not installed:$missing" >&2

if ! cmp -s benches/requirements.txt target/bench-python/installed; then
    echo "installing Python packages below target/bench-python" >&2
    "$PYTHON" -m venv --clear target/bench-python &&
        target/bench-python/bin/pip install -q --disable-pip-version-check \
            -r benches/requirements.txt &&
        cp benches/requirements.txt target/bench-python/installed
fi

if ! cmp -s tests/node/package-lock.json target/bench-node/installed; then
    echo "installing npm packages below target/bench-node" >&2
    mkdir -p target/bench-node
    cp tests/node/package.json tests/node/package-lock.json target/bench-node/
    (cd target/bench-node && npm ci --silent --no-audit --no-fund) &&
        cp tests/node/package-lock.json target/bench-node/installed
fi
exit 0
