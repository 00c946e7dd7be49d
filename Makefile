# The one task runner: `make help` says what there is.

CARGO ?= cargo
PYTHON ?= python3
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DOCDIR ?= $(PREFIX)/share/doc/wscodec
DESTDIR ?=
# no: a smaller library without compression
DEFLATE ?= yes
# shared, static, or both
LIBRARIES ?= shared static

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
ABI := $(firstword $(subst ., ,$(VERSION)))
# Where cargo puts what it builds: its own variables are honoured.
CARGO_OUT := $(or $(CARGO_TARGET_DIR),target)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)release
# Where everybody else finds it.
LIB := target/lib
VENV := target/python
FEATURES := $(if $(filter no,$(DEFLATE)),--no-default-features --features capi)
BUILT_FOR := $(or $(CARGO_BUILD_TARGET),this machine)$(if $(FEATURES), without compression)
export WSCODEC_LIBRARY := $(abspath $(LIB)/libwscodec.so)

all: library check-header examples ## library, header check and examples

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | \
		while read -r target text; do printf '%-14s %s\n' "$$target" "$$text"; done

# One crate type at a time: cargo optimises across crates only then. What an earlier build left is
# removed first, so that nothing but this build's can be taken for it.
library: ## libwscodec.so and .a, in target/lib; LIBRARIES=static for one alone
	@rm -rf $(LIB) "$(CARGO_OUT)/libwscodec.so" "$(CARGO_OUT)/libwscodec.a"
	@mkdir -p $(LIB)
	@$(MAKE) --no-print-directory $(LIBRARIES:%=library-%)
	@printf '%s\n' '$(BUILT_FOR)' > $(LIB)/built-for

library-shared:
	$(CARGO) rustc --release --lib $(FEATURES) --crate-type cdylib
	@cp "$(CARGO_OUT)/libwscodec.so" $(LIB)/libwscodec.so.$(ABI)
	@ln -s libwscodec.so.$(ABI) $(LIB)/libwscodec.so

library-static:
	$(CARGO) rustc --release --lib $(FEATURES) --crate-type staticlib
	@cp "$(CARGO_OUT)/libwscodec.a" $(LIB)/libwscodec.a

HEADER_CHECK := $(CARGO) check --features header --target-dir target/header

header: ## regenerates include/wscodec.h and .json
	$(HEADER_CHECK)

check-header: ## fails if they are not what the sources say
	WSCODEC_HEADER=$(abspath target/wscodec.h) $(HEADER_CHECK)
	@for form in h json; do cmp include/wscodec.$$form target/wscodec.$$form || \
		{ echo "include/wscodec.$$form is out of date: run 'make header'" >&2; exit 1; }; done

notices: ## regenerates THIRD-PARTY-NOTICES
	CARGO=$(CARGO) $(PYTHON) packaging/notices.py

examples: library ## the programs in examples-c
	$(MAKE) -C examples-c

run: examples ## builds and starts the echo server
	examples-c/echo_server

# ---- tests ----

test: library check-header examples test-rust test-c test-python ## all but test-all

test-rust:
	$(CARGO) test

test-c: library
	tests/gates/symbols.sh
	tests/gates/header.sh
	tests/gates/zlib.sh
	$(MAKE) -C tests/c check
	@if command -v $(CXX) > /dev/null; then $(MAKE) -C tests/cpp check; \
		else echo "no C++ compiler: tests/cpp skipped"; fi

test-python: examples $(VENV)/ready
	WSCODEC_REQUIRE_C=1 PYTHONPATH=python $(VENV)/bin/python -m pytest -q tests/python

$(VENV)/ready: tests/python/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

tools: ## installs what test-all needs, and says what that is
	tests/tools/install.sh

test-ffi: library $(VENV)/ready ## echo servers in Go, Java and LuaJIT
	PYTHONPATH=tests/python $(VENV)/bin/python -m pytest -q -p no:cacheprovider tests/ffi

VALGRIND := valgrind -q --leak-check=full --show-leak-kinds=all \
	--errors-for-leak-kinds=all --error-exitcode=99

test-all: examples tools $(VENV)/ready ## what needs valgrind, clang, Node and Chromium
	tests/gates/panic.sh
	tests/gates/header.sh
	tests/gates/install.sh
	tests/gates/small.sh
	tests/gates/rust.sh
	tests/gates/ffi.sh
	$(MAKE) test-ffi
	$(MAKE) -C tests/c check-valgrind
	$(MAKE) -C tests/cpp check-valgrind
	$(MAKE) -C tests/c check CC=clang BUILD=../../target/tests-clang
	WSCODEC_UNDER="$(VALGRIND)" WSCODEC_REQUIRE_C=1 PYTHONPATH=python \
		$(VENV)/bin/python -m pytest -q tests/python/test_echo_c.py \
		tests/python/test_echo_c_compression.py tests/python/test_broadcast_c.py \
		tests/python/test_servers_c.py tests/python/test_byte_stream_c.py \
		tests/python/test_echo_fork_c.py
	cd target/node && node --test --test-reporter=spec tests/

AUTOBAHN := c-server c-client python-server python-client

autobahn: $(AUTOBAHN:%=autobahn-%) ## the Autobahn|Testsuite against the examples

autobahn-suite:
	tests/autobahn/install.sh

autobahn-%: examples autobahn-suite
	tests/autobahn/run $* quick

# All of it, about ten minutes each; the verdicts are kept in git.
autobahn-all-c-server autobahn-all-c-client: autobahn-all-%: examples autobahn-suite
	tests/autobahn/run $* all --save tests/autobahn/results/$*.json

lint: ## formatting, clippy, rustdoc and notices, warnings denied
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path benches/Cargo.toml
	WSCODEC_HEADER=$(abspath target/wscodec.h) \
		$(CARGO) clippy --all-targets --features header -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps \
		--manifest-path rust/Cargo.toml --target-dir target/rust
	CARGO=$(CARGO) $(PYTHON) packaging/notices.py --check

# What `make bench` measures: rows, e.g. ROWS="1 2 6", or all; and its further options.
ROWS ?=
BENCH_OPTIONS ?=
BENCH := WSCODEC_PYTHON=$(abspath target/bench-python/bin/python) WSCODEC_NODE=node \
	WSCODEC_NODE_MODULES=$(abspath target/bench-node) $(CARGO) run --release --quiet \
	--manifest-path benches/Cargo.toml --target-dir target/bench --

check-bench: ## fails if the benchmarks do not compile
	$(CARGO) check --quiet --manifest-path benches/Cargo.toml --target-dir target/bench

bench: library bench-peers ## speed, as ratios to named peers; ROWS="1 2" for some
	$(BENCH) $(BENCH_OPTIONS) $(ROWS)

bench-record: library bench-peers ## the same, into benches/results
	@mkdir -p benches/results
	$(BENCH) --json benches/results/ratios.json --svg benches/results/ratios.svg

bench-getrandom: library bench-peers ## row 16 with getrandom() as glibc 2.41 and newer have it
	@mkdir -p target/bench
	$(CC) -O2 -Wall -Wextra -shared -fPIC -o target/bench/getrandom.so benches/getrandom.c -ldl
	LD_PRELOAD=$(abspath target/bench/getrandom.so) $(BENCH) 16

check-instructions: library ## fails if a call takes 5 % more instructions than recorded
	$(PYTHON) benches/instructions/check.py

bench-peers:
	PYTHON=$(PYTHON) benches/install.sh

bench-echo: examples ## echo servers, ours and others: CPU time and memory
	PYTHON=$(PYTHON) benches/echo/install.sh
	$(PYTHON) benches/echo/run.py --json $(ECHO)

# ---- installation ----

# For these two alone: other folders have a LIBDIR of their own.
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export LIBDIR := $(LIBDIR)
install uninstall: export INCLUDEDIR := $(INCLUDEDIR)
install uninstall: export DOCDIR := $(DOCDIR)
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export VERSION := $(VERSION)
install uninstall: export BUILT_FOR := $(BUILT_FOR)

install: ## into PREFIX, LIBDIR, INCLUDEDIR, DOCDIR, below DESTDIR
	@packaging/install.sh install

uninstall: ## removes what install put there
	@packaging/install.sh uninstall

clean: ## removes what was built
	$(MAKE) -C examples-c clean
	$(CARGO) clean

.PHONY: all help library library-shared library-static notices header check-header examples run test test-rust test-c \
	test-python test-ffi tools test-all autobahn autobahn-suite autobahn-all-c-server \
	autobahn-all-c-client lint check-bench bench bench-record \
	bench-peers bench-getrandom bench-echo check-instructions install uninstall clean
