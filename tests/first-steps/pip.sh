#!/bin/sh
# pip: the package contains the library, which cargo builds, and works outside of the checkout.
. "$(dirname "$0")/common.sh"
unset WSCODEC_LIBRARY PYTHONPATH

python3 -m venv venv
venv/bin/pip install "$source/python"
venv/bin/python -c 'import wscodec; print(wscodec.library_path())'

cp "$source"/python/examples/echo_server.py "$source"/python/examples/echo_options.py .
PATH=$PWD/venv/bin:$PATH
echoes ./echo_server.py
