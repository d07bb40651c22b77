# Needs Python >= 3.11, git and make; everything else is installed into .venv.
# Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
BIN := .venv/bin
PYTEST_ARGS ?=
RUNS ?= 5

.PHONY: demo demo-bot walk test test-integration lint crater accuracy speed clean

demo: ## build a small repository with runbooks and a risky branch, and check it
	@$(PYTHON) .ci/environment.py
	@$(BIN)/python demo/build.py .demo/shop
	@printf '\n$$ cd .demo/shop && runbook-drift check\n\n'
	@cd .demo/shop && ../../$(BIN)/runbook-drift check || test $$? -eq 1

demo-bot: ## the bot from an opened pull request to mended runbooks, against stand-ins for GitHub and Slack
	@$(PYTHON) .ci/environment.py bot
	@$(BIN)/python demo/bot/story.py .demo/bot

walk: ## stand-ins for GitHub and Slack in this window, to try the bot in another one (docs/slack.md)
	@$(PYTHON) .ci/environment.py bot
	@$(BIN)/python demo/bot/walk.py .demo/walk

test: ## all tests that need nothing but Python and git
	@$(PYTHON) .ci/environment.py dev
	$(BIN)/python -m pytest -n auto $(PYTEST_ARGS)

test-integration: ## the bot as a process, against stand-ins for GitHub and Slack; installs Node, needs PostgreSQL
	@$(PYTHON) .ci/environment.py dev integration
	@$(BIN)/python -m tests.integration.node
	$(BIN)/python -m pytest -m integration -n 2 tests $(PYTEST_ARGS)

lint: ## style, types, layers
	@$(PYTHON) .ci/environment.py dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

crater: ## expected verdicts on real commits; MIRRORS is a directory of bare clones
	@test -n "$(MIRRORS)" || { echo "Say where the clones are: make crater MIRRORS=dir"; exit 2; }
	@$(PYTHON) .ci/environment.py dev
	$(BIN)/python tests/crater/crater.py --mirrors "$(MIRRORS)"

accuracy: ## every table of benchmarks/README.md; MIRRORS is a directory of bare clones, MANIFESTS the ground truth
	@test -n "$(MIRRORS)" -a -n "$(MANIFESTS)" || { echo "Say: make accuracy MIRRORS=dir MANIFESTS=dir"; exit 2; }
	@$(PYTHON) .ci/environment.py dev
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	@mkdir -p out
	$(BIN)/python -m benchmarks.accuracy --mirrors "$(MIRRORS)" --manifests "$(MANIFESTS)" --out out/predictions.jsonl
	$(BIN)/python -m benchmarks.report --manifests "$(MANIFESTS)" --predictions out/predictions.jsonl --write
	$(BIN)/python -m benchmarks.contradictions out/predictions.jsonl --score

speed: ## the speed table of benchmarks/README.md, with comparable tools; MIRRORS is a directory of bare clones
	@test -n "$(MIRRORS)" || { echo "Say where the clones are: make speed MIRRORS=dir"; exit 2; }
	@$(PYTHON) .ci/environment.py dev
	$(BIN)/python -m benchmarks.speed --mirrors "$(MIRRORS)" --runs $(RUNS) --peers --write

clean: ## remove what these targets made
	rm -rf .venv .demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
