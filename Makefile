# Main targets:  make run   and   make test
# The others are parts of them. GPU=1 installs for an NVIDIA GPU.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2

SERVE_REQUIREMENTS := $(if $(GPU),requirements-gpu.txt,requirements.txt)
SERVE_STAMP := .venv/.$(basename $(SERVE_REQUIREMENTS))
DEV_STAMP := .venv/.requirements-dev
DETECTOR := static/detector/detector.json
BUILD := static/dist/manifest.json
LIGHTHOUSE := tools/lighthouse/node_modules/.installed
SCRIPTS := $(shell find static/js static/css -type f 2>/dev/null) build.mjs jsconfig.json $(wildcard tools/*.mjs static/models/*/card.json static/site.webmanifest webapp/translations/*/LC_MESSAGES/*.po)

.PHONY: run cluster test setup detector build lint translations audit sbom test-python test-js test-ray photo-report screenshots lock clean

run: setup
	@$(BIN)/python -m webapp serve

# nginx, Redis and several processes: make cluster PROCESSES=3
cluster: setup .venv/.requirements-cluster
	@tools/cluster
	@$(BIN)/python -m webapp cluster --processes $(or $(PROCESSES),3)

setup: $(SERVE_STAMP) $(DETECTOR) $(BUILD)

test: $(DEV_STAMP) $(DETECTOR) $(BUILD) $(LIGHTHOUSE)
	@tools/chromium
	@tools/cluster
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/check_words.py
	npm run --silent check
	npm run --silent test
	$(BIN)/python tools/side_by_side.py

# The catalogues of the site's texts, after a text has changed (docs/translations.md).
translations: $(DEV_STAMP)
	@$(BIN)/python tools/translations.py

lint: $(DEV_STAMP) node_modules/.installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/check_words.py
	npm run --silent check

# Known vulnerabilities of the pinned packages; needs a network.
audit: | .venv/.created
	@tools/audit $(BIN)/python

# Software bills of materials (CycloneDX) in build/sbom; needs a network.
sbom: node_modules/.installed | .venv/.created
	@tools/sbom $(BIN)/python

test-python: $(DEV_STAMP) $(DETECTOR) $(BUILD)
	$(BIN)/python -m pytest -m "not browser"

test-js: node_modules/.installed
	npm run --silent test

# The tests on a Ray cluster of two nodes, which the others skip without Ray.
test-ray: $(DEV_STAMP) .venv/.requirements-ray $(DETECTOR) $(BUILD)
	$(BIN)/python -m pytest tests/ray_cluster tests/photos/test_photos_api.py

detector: $(DETECTOR)
build: $(BUILD)

.venv/.created:
	@tools/venv $(PYTHON)
	@touch $@

$(SERVE_STAMP): $(SERVE_REQUIREMENTS) | .venv/.created
	@echo "Installing the Python packages of $< …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/.requirements-cluster .venv/.requirements-ray: .venv/.requirements-%: requirements-%.txt | .venv/.created
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(DEV_STAMP): requirements-dev.txt | .venv/.created
	@echo "Installing the Python packages of $< …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@ .venv/.requirements

node_modules/.installed: package.json package-lock.json | .venv/.created
	@tools/node
	@echo "Installing the JavaScript packages …"
	@npm ci --silent --no-audit --no-fund
	@touch $@

$(LIGHTHOUSE): tools/lighthouse/package.json tools/lighthouse/package-lock.json node_modules/.installed
	@echo "Installing Lighthouse …"
	@cd tools/lighthouse && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

$(DETECTOR): training/export/detector.py training/export/graph_model.py node_modules/.installed | .venv/.created
	@test -f .venv/.requirements || test -f .venv/.requirements-gpu || $(MAKE) --no-print-directory $(SERVE_STAMP)
	@echo "Building the face detector …"
	@$(BIN)/python -m training detector
	@touch $@

$(BUILD): $(SCRIPTS) node_modules/.installed
	@npm run --silent build
	@touch $@

# An HTML report on a folder of photos: make photo-report PHOTOS=folder
photo-report: $(SERVE_STAMP) $(DETECTOR)
	@test -n "$(PHOTOS)" || { echo "error: name the folder: make photo-report PHOTOS=folder" >&2; exit 2; }
	@$(BIN)/python -m webapp report "$(PHOTOS)" --out build/photo-report

# The images of README.md and docs/, in headless Chromium: make screenshots [NAMES="live photos"]
screenshots: $(DEV_STAMP) $(DETECTOR) $(BUILD)
	@tools/chromium
	@$(BIN)/python tools/screenshots.py $(NAMES)

# Lighthouse's scores of every page: make lighthouse [FORM=phone]
lighthouse: $(DEV_STAMP) $(DETECTOR) $(BUILD) $(LIGHTHOUSE)
	@tools/chromium
	@$(BIN)/python -m benchmarks.lighthouse --form $(or $(FORM),desktop)

# Regenerate the pinned requirements, with their hashes, from pyproject.toml. LOCK=--upgrade takes new versions.
lock: | .venv/.created
	@$(BIN)/python -m pip install --quiet uv==0.13.8
	@for extra in "" cluster ray export train gpu dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	    --generate-hashes --no-strip-extras $(LOCK) pyproject.toml \
	    $${extra:+--extra $$extra} -o requirements$${extra:+-$$extra}.txt || exit 1; done

clean:
	rm -rf static/dist static/detector build/module node_modules tools/lighthouse/node_modules .venv
