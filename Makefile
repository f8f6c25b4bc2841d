# Everything sets itself up: a virtual environment in .venv, made once and renewed when the
# requirements change. `make` alone lists the commands.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := env OMP_NUM_THREADS=1 $(BIN)/python -m service
PIP    := install --disable-pip-version-check --no-input --quiet --retries 10

SERVICE_READY := $(VENV)/.service-installed
TOOLS_READY   := $(VENV)/.tools-installed
FUZZ_READY    := $(VENV)/.fuzz-installed
TRAIN_VENV    := .venv-train
TRAIN_READY   := $(TRAIN_VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint format types bench fuzz audit secrets sbom lock train-smoke docs image system clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
	  awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

demo: $(SERVICE_READY) ## Translate the stories in examples/ through a real server, and show each name put right
	@$(RUN) demo

serve: $(SERVICE_READY) ## Serve on port 8000 until interrupted
	@port=$${RELAIS_PORT:-8000}; \
	  echo "Relais: http://localhost:$$port/   ready when http://localhost:$$port/v1/health/ready says so"; \
	  echo "API:    http://localhost:$$port/docs and docs/api.md"; \
	  echo "Stop with Ctrl-C."
	@exec $(RUN) serve

test: $(TOOLS_READY) system ## Run the tests
	$(BIN)/python -m pytest $(ARGS)

lint: $(TOOLS_READY) secrets ## Check style, types, secrets and the term files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if $(RUN) glossary lint --help >/dev/null 2>&1; then $(RUN) glossary lint; fi

format: $(TOOLS_READY) ## Mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(TOOLS_READY) ## Measure against the peers (benchmarks/README.md)
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(FUZZ_READY) ## Try to break what reads hostile text, a minute for each target (ARGS="html --seconds 600")
	@nice -n 19 $(BIN)/python -m tools.fuzz $(ARGS)

audit: $(TOOLS_READY) ## Compare the pinned requirements with the known vulnerabilities (ARGS=--allow-offline: warn where none can be asked)
	@$(BIN)/python -m tools.audit $(ARGS) requirements.txt requirements-dev.txt

secrets: $(TOOLS_READY) ## Look for secrets in the files that git keeps
	@$(BIN)/python -m tools.secrets_scan

sbom: $(TOOLS_READY) ## Write var/sbom.json, the list of what the service is made of (CycloneDX)
	@mkdir -p var
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file var/sbom.json requirements.txt
	@echo "var/sbom.json"

train-smoke: $(TRAIN_READY) ## Train, export and evaluate a tiny model, to show that the whole way works
	$(TRAIN_VENV)/bin/python -m training smoke
	$(TRAIN_VENV)/bin/python -m pytest tests/training

lock: $(TOOLS_READY) ## Pin requirements.txt and requirements-dev.txt again, with hashes
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK) --output-file=requirements.txt requirements.in
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK) --output-file=requirements-dev.txt requirements-dev.in
LOCK := --quiet --generate-hashes --strip-extras --allow-unsafe --resolver=backtracking \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

docs: $(TOOLS_READY) system ## Run the commands shown in the documents again, and put in what they print; take the pictures
	$(BIN)/python -m tools.refresh_docs README.md docs/api.md docs/glossary.md docs/jobs.md
	$(BIN)/python -m tools.screenshots

image: ## Build the container image
	docker build --tag relais:latest .

system: ## Install the Debian packages that the tests use, where they are missing
	@sh tools/need-packages.sh redis-server postgresql chromium

clean: ## Remove the virtual environments and everything that the service wrote
	rm -rf $(VENV) $(TRAIN_VENV) var

$(SERVICE_READY): requirements.txt
	@sh tools/make-venv.sh $(PYTHON) $(VENV)
	@echo "Installing the service's requirements (once) ..."
	@$(BIN)/pip $(PIP) --require-hashes --requirement requirements.txt
	@touch $@

$(TOOLS_READY): requirements-dev.txt $(SERVICE_READY)
	@echo "Installing what tests and tools need (once) ..."
	@$(BIN)/pip $(PIP) --require-hashes --requirement requirements-dev.txt
	@touch $@

$(FUZZ_READY): requirements-fuzz.txt $(TOOLS_READY)
	@$(BIN)/pip $(PIP) --requirement requirements-fuzz.txt
	@touch $@

$(TRAIN_READY): requirements-train.txt
	@sh tools/make-venv.sh $(PYTHON) $(TRAIN_VENV)
	@echo "Installing what the training needs (once) ..."
	@$(TRAIN_VENV)/bin/pip $(PIP) --requirement requirements-train.txt
	@touch $@
