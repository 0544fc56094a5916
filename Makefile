# What a contributor runs. A fresh clone needs Python 3.11 or newer and a package index, no more:
# each target makes the environment it needs, and finds it ready the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH := $(shell grep '^torch==' constraints.txt)
# On Linux, an index of CPU-only builds in TORCH_INDEX spares gigabytes of CUDA libraries.
TORCH_INDEX ?=
# Compiling what may never be imported would take most of the time.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

.PHONY: demo test test-all lint format bench figures how-good how-well pictures page wheels docs clean

demo: $(READY)  ## the whole round trip, on a CPU, into demo/
	$(BIN)/lookalike demo

test: $(READY)  ## what must pass before a change is shown
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test-all: $(READY)  ## the slow tests too
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m ""

lint: $(READY)  ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(READY)  ## mend what can be mended without thinking
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## timings on this machine, and ours against peers'
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks

figures: $(READY)  ## mini's figures and the round trip's, written into the README (an hour)
	$(BIN)/lookalike mini report --json >benchmarks/figures/report.json
	$(BIN)/lookalike evaluate round-trip --json >benchmarks/figures/round-trip.json
	$(BIN)/lookalike evaluate references --json >benchmarks/figures/references.json
	$(BIN)/python -m benchmarks.readme

# What the benchmark's domains are tuned on: drawn once, and tuned once, in lookalike-out.
FOREIGN := dylan big-ears miniavs
DRAWN := lookalike-out/drawn
TUNED := lookalike-out/tuned

$(DRAWN)/%: $(READY)
	$(BIN)/lookalike world make --style $* --count 100 --out $@

$(TUNED)/%.safetensors: | $(DRAWN)/%
	$(BIN)/lookalike tune $(DRAWN)/$* --out $@ --licence "drawings of the world; see NOTICE"

.SECONDARY: $(FOREIGN:%=$(DRAWN)/%)

how-good: $(READY) $(FOREIGN:%=$(TUNED)/%.safetensors)  ## the converters' benchmark and its page (hours; a stopped run goes on)
	$(BIN)/lookalike evaluate converters --count 12 --curve 6 --weights $(TUNED) \
	  --plot docs/images/how-good --json >lookalike-out/converters.json
	mv lookalike-out/converters.json benchmarks/figures/converters.json
	$(BIN)/python -m benchmarks.how_good

# What the reverse model is trained and judged on: made once, in lookalike-out.
WELL := lookalike-out/reverse
SHIFTED := $(FOREIGN:%=$(WELL)/%)

$(SHIFTED): $(WELL)/%: | $(READY)
	$(BIN)/lookalike reverse draw --style $* --count 100 --out $@

$(WELL)/own/manifest.parquet: | $(READY)
	test -f $(WELL)/prompts.jsonl || $(BIN)/lookalike reverse prompts --count 2600 --out $(WELL)/prompts.jsonl
	$(BIN)/lookalike reverse make --prompts $(WELL)/prompts.jsonl --out $(WELL)/own --seeds 2 --steps 8 --dtype bfloat16
	$(BIN)/lookalike reverse split $(WELL)/own --clusters 150 --validation 0.1 --test 0.2

how-well: $(WELL)/own/manifest.parquet $(SHIFTED)  ## the reverse model's figures and page (hours; a stopped run goes on)
	$(BIN)/lookalike reverse ablate $(WELL)/own $(SHIFTED:%=--shifted %) --run $(WELL)/run --json >$(WELL)/reverse.json
	test -d $(WELL)/model || $(BIN)/lookalike reverse train $(WELL)/own --run $(WELL)/run --out $(WELL)/model
	$(BIN)/lookalike evaluate describers $(WELL)/own --weights $(WELL)/model --methods phrases,reverse,retrieval,interrogator-best,interrogator-fast --count 80 --steps 8 --json >$(WELL)/describers.json
	$(BIN)/lookalike reverse reuse $(WELL)/own --run $(WELL)/run --count 100 --seeds 2 --steps 8 --json >$(WELL)/reuse.json
	mv $(WELL)/reverse.json $(WELL)/describers.json $(WELL)/reuse.json benchmarks/figures/
	$(BIN)/python -m benchmarks.reverse

pictures: $(READY)  ## the pictures of the guide "From Midjourney", by its own commands (minutes)
	$(BIN)/python -m benchmarks.pictures

page: $(READY)  ## the figures that the studio's page shows, and the pictures of its guide (minutes)
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.walk

# What training needs beside torch and transformers, for a machine that reaches no package index.
FOR ?= 3.12
PLATFORMS := $(foreach n,17 24 27 28 31 34,--platform manylinux_2_$(n)_x86_64) --platform manylinux2014_x86_64

wheels: $(READY)  ## wheels for another machine's Python (make wheels FOR=3.12), into .wheels
	$(BIN)/python -m pip download --quiet --no-deps --only-binary=:all: --python-version $(FOR) \
	  --implementation cp $(PLATFORMS) --dest .wheels --constraint constraints.txt \
	  --requirement benchmarks/wheels.txt

docs: $(READY)  ## the site, into site/, with the tables as the code has them
	$(BIN)/python -m benchmarks.guides
	$(BIN)/python -m benchmarks.pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:  ## everything that can be made again, the environment and your pictures excepted
	rm -rf demo site dist build .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else \
	  "lookalike needs Python 3.11 or newer; %s is %d.%d. Try: make PYTHON=python3.11" \
	  % ("$(PYTHON)", v[0], v[1]))'
	@mkdir -p $(VENV)
	@date +%s >$(VENV)/.began
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): a few minutes the first time, and never again."
	@# torch alone and by its exact version: asked for loosely, it may come with all of CUDA.
	@$(PIP) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "$(TORCH)"
	@$(PIP) --constraint constraints.txt --editable ".[dev]"
	@echo "The environment took $$(($$(date +%s) - $$(cat $(VENV)/.began))) s."
	@touch $@
