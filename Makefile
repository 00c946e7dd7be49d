# The one task runner: `make help` says what there is.

CARGO ?= cargo
PYTHON ?= python3
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
# no: a smaller library without compression
DEFLATE ?= yes

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
ABI := $(firstword $(subst ., ,$(VERSION)))
RELEASE := target/release
SHARED := $(RELEASE)/libwscodec.so
STATIC := $(RELEASE)/libwscodec.a
VENV := target/python
FEATURES := $(if $(filter no,$(DEFLATE)),--no-default-features)
export WSCODEC_LIBRARY := $(abspath $(SHARED))

all: library check-header examples ## library, header check and examples

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | \
		while read -r target text; do printf '%-14s %s\n' "$$target" "$$text"; done

# One crate type at a time: cargo optimises across crates only then.
library: ## target/release/libwscodec.so and .a
	$(CARGO) rustc --release --lib $(FEATURES) --crate-type cdylib
	$(CARGO) rustc --release --lib $(FEATURES) --crate-type staticlib
	@mkdir -p target/lib
	@ln -sf ../release/libwscodec.so target/lib/libwscodec.so.$(ABI)
	@ln -sf libwscodec.so.$(ABI) target/lib/libwscodec.so

header: ## regenerates include/wscodec.h
	$(CARGO) check --features header --target-dir target/header

check-header: ## fails if include/wscodec.h is not what the sources say
	WSCODEC_HEADER=$(abspath target/wscodec.h) \
		$(CARGO) check --features header --target-dir target/header
	@cmp include/wscodec.h target/wscodec.h || \
		{ echo "include/wscodec.h is out of date: run 'make header'" >&2; exit 1; }

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

VALGRIND := valgrind -q --leak-check=full --show-leak-kinds=all \
	--errors-for-leak-kinds=all --error-exitcode=99

test-all: examples tools $(VENV)/ready ## what needs valgrind, clang, Node and Chromium
	tests/gates/panic.sh
	tests/gates/header.sh
	tests/gates/install.sh
	tests/gates/small.sh
	$(MAKE) -C tests/c check-valgrind
	$(MAKE) -C tests/cpp check-valgrind
	$(MAKE) -C tests/c check CC=clang BUILD=../../target/tests-clang
	WSCODEC_UNDER="$(VALGRIND)" WSCODEC_REQUIRE_C=1 PYTHONPATH=python \
		$(VENV)/bin/python -m pytest -q tests/python/test_echo_c.py \
		tests/python/test_echo_c_compression.py tests/python/test_broadcast_c.py
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

lint: ## formatting and clippy, warnings denied
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path benches/Cargo.toml
	WSCODEC_HEADER=$(abspath target/wscodec.h) \
		$(CARGO) clippy --all-targets --features header -- -D warnings

# What `make bench` measures: rows, e.g. ROWS="1 2 6", or all; and its further options.
ROWS ?=
BENCH_OPTIONS ?=
BENCH := WSCODEC_PYTHON=$(abspath target/bench-python/bin/python) WSCODEC_NODE=node \
	WSCODEC_NODE_MODULES=$(abspath target/bench-node) $(CARGO) run --release --quiet \
	--manifest-path benches/Cargo.toml --target-dir target/bench --

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

install: ## into PREFIX, LIBDIR, INCLUDEDIR, below DESTDIR
	@test -f $(SHARED) -a -f $(STATIC) || { echo "run 'make' first" >&2; exit 1; }
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(INCLUDEDIR)"
	install -m 755 $(SHARED) "$(DESTDIR)$(LIBDIR)/libwscodec.so.$(VERSION)"
	ln -sf libwscodec.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/libwscodec.so.$(ABI)"
	ln -sf libwscodec.so.$(ABI) "$(DESTDIR)$(LIBDIR)/libwscodec.so"
	install -m 644 $(STATIC) "$(DESTDIR)$(LIBDIR)/libwscodec.a"
	install -m 644 include/wscodec.h "$(DESTDIR)$(INCLUDEDIR)/wscodec.h"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		packaging/wscodec.pc.in > "$(DESTDIR)$(LIBDIR)/pkgconfig/wscodec.pc"

uninstall: ## removes what install put there
	rm -f "$(DESTDIR)$(LIBDIR)/libwscodec.so.$(VERSION)" \
		"$(DESTDIR)$(LIBDIR)/libwscodec.so.$(ABI)" \
		"$(DESTDIR)$(LIBDIR)/libwscodec.so" \
		"$(DESTDIR)$(LIBDIR)/libwscodec.a" \
		"$(DESTDIR)$(LIBDIR)/pkgconfig/wscodec.pc" \
		"$(DESTDIR)$(INCLUDEDIR)/wscodec.h"

clean: ## removes what was built
	$(MAKE) -C examples-c clean
	$(CARGO) clean

.PHONY: all help library header check-header examples run test test-rust test-c \
	test-python tools test-all autobahn autobahn-suite autobahn-all-c-server \
	autobahn-all-c-client lint bench bench-record \
	bench-peers bench-getrandom bench-echo check-instructions install uninstall clean
