# Shortcuts for everyday work; each is one line that can be typed without make. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help check format test test-all pictures help-pictures bench search-bench soak quality sweep demo messages
SHELL := /bin/bash
T ?= tests/unit
K ?=
bin := .venv/bin

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(bin)/python: requirements.lock
	deploy/bootstrap

check: $(bin)/python ## Format, lint, types and layers, without changing anything
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports --no-cache

format: $(bin)/python ## Format the code and sort its imports
	$(bin)/ruff check --fix-only .
	$(bin)/ruff format .

test: $(bin)/python ## Fast tests; T=path and K=expression choose (make test T=tests/unit/test_logs.py K=escape)
	$(bin)/python -m pytest $(T) $(if $(K),-k "$(K)")

test-all: ## All suites on all cores
	tests/run

pictures: $(bin)/python ## A picture of every page of the desk, wide and narrow, light and dark, in .demo/pictures
	mkdir -p .demo/pictures
	KREISWEIT_TEST_SWEEP=all KREISWEIT_TEST_PICTURES=$(CURDIR)/.demo/pictures $(bin)/python -m pytest -n 2 tests/browser -k accessible

help-pictures: $(bin)/python ## The pictures of the help, taken anew
	$(bin)/python -m tests.browser.help_pictures

bench: $(bin)/python ## Measure: full, incremental and idle sync, as ratios to a floor
	$(bin)/python -m tests.bench

search-bench: $(bin)/python ## Measure the search: pages at three sizes (LOAD=600 for ten minutes of visitors instead)
	$(bin)/python -m tests.bench.search $(if $(LOAD),--sizes 5000 --load $(LOAD))

soak: $(bin)/python ## Hub and eleven nodes under load for MINUTES=90: memory, descriptors, logs, latency; fails on a broken bound
	$(bin)/python -m tests.bench.soak --minutes $(or $(MINUTES),90)

quality: $(bin)/python ## Put two hundred questions to the search over the real offers
	$(bin)/python -m tests.quality --misses
	$(bin)/python -m hub duplicates --evaluate tests/quality/pairs/pairs.csv --records tests/quality/pairs/records.csv

sweep: $(bin)/python ## Look at every page of the desk and for visitors in every size and theme, and in every language
	KREISWEIT_TEST_SWEEP=all $(bin)/python -m pytest -n 2 tests/browser -k "accessible"

demo: ## Hub and eleven nodes on this computer, until Ctrl-C
	deploy/demo

messages: $(bin)/python ## Collect the texts of the public pages and update the translations
	$(bin)/python -m deploy.messages
