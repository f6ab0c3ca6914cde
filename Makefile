# make app    set up and serve the app on http://127.0.0.1:7860
# make test   set up and run every check and test
# make space  write build/space/, the folder of a Hugging Face Space: see docs/deploy.md
# make stress set up and run what takes minutes: acquire under faults on the real archives, a 3 GB archive, Ray
# make bench  time it beside its peers and keep the tables of docs/performance.md
# See the README for the same in plain pip and python lines.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MIRROR ?=
PACKAGES ?=
WORKERS ?= 2
SHIPPED := checkpoints/committee
NETWORKS := efficientnet_lite0 vit_small_dinov2
TRAIN := $(BIN)/python -m skinnet train --root data

.PHONY: app test space stress bench lint data train release clean

app: $(VENV)/.app
	$(BIN)/python app.py

test: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
	$(MAKE) lint

space: $(VENV)/.test
	$(BIN)/python -m demo.space

stress: $(VENV)/.test
	$(BIN)/python -m pip install -e ".[ray]"
	$(BIN)/python -m pytest -m stress -rs

bench: $(VENV)/.test
	$(BIN)/python benchmarks/bench.py

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint --deny-warnings demo/js skinnet/reporting/results/js

data: $(VENV)/.app
	$(BIN)/python -m skinnet acquire ham10000 --root data $(if $(MIRROR),--mirror $(MIRROR))
	$(BIN)/python -m skinnet acquire isic2017 --root data $(if $(MIRROR),--mirror $(MIRROR)/isic2017)
	$(BIN)/python -m skinnet prepare --root data

train: $(VENV)/.test
	$(BIN)/python -m pip install -e ".[transformer]"
	for network in $(NETWORKS); do \
	  $(TRAIN) --network $$network --out runs/$$network $$(test -e runs/$$network/state.pt && echo --resume) && \
	  $(BIN)/python -m skinnet cross-validate --root data --network $$network --out runs/$$network-folds && \
	  $(TRAIN) --network $$network --out runs/$$network-ham10000 --sources ham10000 --partition split $$(test -e runs/$$network-ham10000/state.pt && echo --resume) || exit; \
	done

release: $(VENV)/.foreign $(VENV)/.test
	$(BIN)/python -m skinnet release --run $(NETWORKS:%=runs/%) --root data --checkpoint $(SHIPPED) --out-of-fold $(NETWORKS:%=runs/%-folds/out_of_fold.csv)
	$(BIN)/python -m skinnet fit-gate --checkpoint $(SHIPPED) --root data $(if $(PACKAGES),--packages $(PACKAGES))
	$(BIN)/python -m skinnet export --checkpoint $(SHIPPED)
	$(BIN)/python -m skinnet robustness --checkpoint $(SHIPPED) --root data
	$(BIN)/python -m skinnet faithfulness --checkpoint $(SHIPPED) --root data --split test --limit 500 --out $(SHIPPED)/faithfulness
	$(BIN)/python -m skinnet cases demo/cases --checkpoint $(SHIPPED)
	$(BIN)/python -m skinnet release --run $(NETWORKS:%=runs/%-ham10000) --root data --checkpoint runs/ham10000
	$(BIN)/python -m skinnet evaluate --checkpoint runs/ham10000 --root data --source isic2017 --out runs/without-isic2017
	$(BIN)/python -m skinnet release --checkpoint $(SHIPPED) --without isic2017=runs/without-isic2017 --readme README.md

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.app: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

$(VENV)/.foreign: $(VENV)/.app pyproject.toml
	$(BIN)/python -m pip install -e ".[foreign,export]"
	touch $@

$(VENV)/.test: $(VENV)/.app pyproject.toml
	$(BIN)/python -m pip install -e ".[test]"
	touch $@
