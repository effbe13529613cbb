# Thin wrappers: what they do is in tools/, CMake and build/bin/workbook.
.PHONY: all demo test test-full soak check watch site serve bench fuzz format lint dist record-mutants record-starters help

BUILD = build
LAB =
SAN =
PORT = 8000
SECONDS = 60

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1|/' | \
	  while IFS='|' read -r verb what; do printf '%-24s %s\n' "$$verb" "$$what"; done

demo: ## install what is missing, build, and play the whole workbook
	@tools/setup.sh demo
	@tools/build.sh $(BUILD)
	@$(BUILD)/bin/workbook demo

test: ## install what the tests need, and pass them
	@tools/setup.sh test
	@tools/build.sh $(BUILD) all tests site
	@tools/test.sh $(BUILD) quick

test-full: ## also sanitizers, lint, fuzz targets and the slow tests
	@tools/setup.sh full
	@tools/build.sh $(BUILD) all tests site
	@tools/test.sh $(BUILD) full

soak: ## long runs, not for CI
	@tools/setup.sh full
	@tools/build.sh $(BUILD) all tests site
	@tools/test.sh $(BUILD) soak

all: ## build everything
	@tools/build.sh $(BUILD) all tests site

check: ## verdict on one lab: make check LAB=01 [SAN=1]
	@test -n "$(LAB)" || { echo "make check: say which lab: make check LAB=01" >&2; exit 2; }
	@test -x $(BUILD)/bin/workbook || tools/build.sh $(BUILD)
	@$(BUILD)/bin/workbook check $(LAB) $(if $(SAN),--san)

watch: ## the same upon each save: make watch LAB=01
	@test -n "$(LAB)" || { echo "make watch: say which lab: make watch LAB=01" >&2; exit 2; }
	@test -x $(BUILD)/bin/workbook || tools/build.sh $(BUILD)
	@$(BUILD)/bin/workbook watch $(LAB)

site: ## build the notes site: build/site/index.html
	@tools/setup.sh demo
	@tools/build.sh $(BUILD) site

serve: site ## show the site at http://127.0.0.1:8000 (PORT=...)
	@cd $(BUILD)/site && echo "http://127.0.0.1:$(PORT)" && exec python3 -m http.server -b 127.0.0.1 $(PORT)

bench: ## measure: edit to verdict, frames and digests, captures, the switchboards, the ftp server, switches, the simulators
	@tools/build.sh $(BUILD) all tests site benches
	@bench/edit-to-verdict.sh $(BUILD)
	@$(BUILD)/bench/framing_bench
	@$(BUILD)/bench/tracing_bench --large
	@$(BUILD)/bench/switchboard_bench $(BUILD)/bin/switchboard $(BUILD)/bench \
	  --peer bench/switchboard/echo_server.py
	@$(BUILD)/bench/ftp_bench $(BUILD)/bin/ftp-server
	@$(BUILD)/bench/switching_bench
	@$(BUILD)/bench/simulation_bench --peer bench/simulation/round_robin.py \
	  --picture $(BUILD)/bench/decisions.svg

fuzz: ## the fuzz targets, a minute each (SECONDS=...)
	@tools/setup.sh full
	@tools/fuzz.sh $(BUILD) $(SECONDS)

format: ## clang-format on all C++ files
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format -i

lint: ## clang-format, clang-tidy, cppcheck, shellcheck
	@tools/setup.sh full
	@tools/build.sh $(BUILD) all tests site
	@tools/lint.sh $(BUILD)

dist: ## a source archive: build/dialtone-VERSION.tar.gz
	@tools/dist.sh $(BUILD)

record-mutants: ## after changing a lab or a judge: play the mutants of the labs that changed, and record it
	@tools/setup.sh test
	@tools/build.sh $(BUILD) all tests
	@tools/test.sh $(BUILD) mutants

record-starters: ## after changing a starter on purpose: record it as the one that ships
	@sha256sum labs/*/starter/*.cpp ftp/starter/*.cpp > labs/starters.sha256
	@cat labs/starters.sha256
