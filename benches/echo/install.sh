#!/bin/sh
# Installs the other servers of `make bench-echo` that are no crates: Debian packages (as root,
# only those that are missing), and packages of npm and PyPI below target/echo. A server that
# cannot be installed is left out of the table; run.py reports why.
set -u
cd "$(dirname "$0")/../.." || exit
here=benches/echo/servers
out=target/echo

missing=""
need() { # FILE PACKAGE: a command, or a header
    command -v "$1" > /dev/null || test -e "/usr/include/$1" || missing="$missing $2"
}
need g++ g++
need pkg-config pkg-config
need taskset util-linux
need node nodejs
need npm npm
need libwebsockets.h libwebsockets-dev
need wslay/wslay.h libwslay-dev
need boost/beast.hpp libboost-dev
need liburing.h liburing-dev
need zlib.h zlib1g-dev
tests/tools/packages.sh $missing

mkdir -p $out/node
if ! cmp -s $here/package.json $out/node/installed; then
    echo "installing npm's ws below $out/node"
    cp $here/package.json $out/node/
    (cd $out/node && npm install --silent --no-audit --no-fund) &&
        cp $here/package.json $out/node/installed
fi

if ! cmp -s $here/requirements.txt $out/venv/installed; then
    echo "installing packages of PyPI in $out/venv"
    "${PYTHON:-python3}" -m venv --clear $out/venv &&
        $out/venv/bin/pip install -q --disable-pip-version-check -r $here/requirements.txt &&
        cp $here/requirements.txt $out/venv/installed
fi
exit 0
