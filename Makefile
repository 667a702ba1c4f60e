# SPDX-License-Identifier: Apache-2.0
# A front door: every target delegates. `make help` lists them.
PREFIX ?= /usr/local

.PHONY: interop help deps build demo check bench fuzz constant-time memcheck race coverage lint format \
	install dist clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 24

deps: ## install missing packages, build the pinned third-party sources
	@scripts/deps build check demo

build: ## build libraries and programs into build/
	@scripts/build

demo: ## a gateway, a client and a tunnel on this machine
	@scripts/deps demo
	@scripts/build
	@scripts/demo

check: ## everything that must pass: lint, unit tests, vectors, end to end
	@tests/run

bench: build ## measure
	@meson test -C build --benchmark --verbose

fuzz: ## look for crashes: every fuzz target for FUZZ_SECONDS (60); TARGET=name for one
	@scripts/deps build check
	@scripts/fuzz $(TARGET)

constant-time: ## does time depend on a secret? our code under valgrind
	@scripts/deps build valgrind
	@scripts/build
	@tests/constant_time/run

memcheck: ## the unit tests of the library under valgrind
	@scripts/deps build valgrind
	@scripts/build
	@tests/memcheck/run

race: ## the tests with threads under the thread sanitizer
	@scripts/deps build check
	@tests/race/run

coverage: ## what of the code the tests reach, in build/coverage/report
	@scripts/deps build coverage
	@scripts/coverage

interop: build ## tickets against the original's published library, which cargo fetches and builds
	@tests/interop/run

lint: build ## style, limits, promises of the library
	@tests/lint/run

format: ## bring the C sources into their form
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format-19 -i

install: build ## install to PREFIX (/usr/local), below DESTDIR
	@meson configure build --prefix "$(PREFIX)"
	@meson install -C build

dist: ## a tarball that builds without network
	@scripts/dist

clean: ## remove build/; the third-party libraries in .deps/ stay
	@rm -rf build
