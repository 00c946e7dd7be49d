#!/bin/sh
# Installs the Autobahn|Testsuite below target/autobahn: pinned packages from PyPI, then
# port_py3.py. Does nothing if that was done already.
#
# The suite is Python 2 code and its dependencies are old: this takes Python 3.11
# (PYTHON=... names another command for it).
set -eu
cd "$(dirname "$0")/../.."
here=tests/autobahn
venv=target/autobahn/venv

if cat $here/requirements.txt $here/port_py3.py | cmp -s - $venv/installed; then
    exit 0
fi
if [ -z "${PYTHON:-}" ]; then
    PYTHON=$(command -v python3.11 || echo python3)
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    echo "$here/install.sh: $PYTHON is not Python 3.11; set PYTHON to one that is" >&2
    exit 1
fi
echo "installing the Autobahn|Testsuite in $venv: $(grep -c == $here/requirements.txt) packages from PyPI"
"$PYTHON" -m venv --clear $venv
$venv/bin/pip install -q --disable-pip-version-check --no-deps -r $here/requirements.txt
echo "porting it to Python 3"
$venv/bin/python -W ignore $here/port_py3.py
cat $here/requirements.txt $here/port_py3.py > $venv/installed
