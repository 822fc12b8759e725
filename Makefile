# Everything starts here. On a fresh Debian, python3 and make are enough:
#   make demo     a sealed PDF in demo-output/, and .venv/bin/pdfseal ready for use
#   make test     the test suite, with outside tools as judges
#   make check    lint, types, import directions
#   make bench    the performance budget, measured
#   make corpus   seals every PDF in the source distributions of pikepdf and pypdf
#   make fuzz     attacks verify with mutants, guided by coverage (MINUTES=30)
#   make fixtures writes fixtures/pdf and fixtures/pictures again
#   make gallery  writes docs/gallery.md and its pictures again
#   make clean    removes what these targets made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# a second implementation of SM2, judge of the electronic seals
BCPROV := /usr/share/java/bcprov.jar
# pdfium reads pages whose Chinese font is not embedded with a font of the machine
CJK_FONT := /usr/share/fonts/truetype/wqy/wqy-microhei.ttc
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

# Looks for commands and installs the Debian packages of those that are missing: $(call need,command=package ...)
# `python-venv` stands for "this Python can make virtual environments", a path for a file.
define need
	@missing=; \
	for pair in $(1); do \
	  case $$pair in \
	    python-venv=*) $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null ;; \
	    /*) test -e "$${pair%%=*}" ;; \
	    *) command -v "$${pair%%=*}" >/dev/null ;; \
	  esac || missing="$$missing $${pair#*=}"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing system packages:$$missing"; \
	  said=$$({ apt-get -qq update && \
	    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y $$missing; } 2>&1) || \
	    { echo "$$said" >&2; exit 1; }; \
	else \
	  echo "please install these system packages first (as root: apt-get install$$missing)" >&2; exit 1; \
	fi
endef

.PHONY: help demo judges test check bench corpus fuzz fixtures gallery clean
help:
	@sed -n '2,/^$$/s/^#//p' Makefile

# ---- the environment: one stamp for the program, one for the test tools -----------------------------

$(VENV)/.program: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "pdfseal needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 1; }
	$(call need,python-venv=python3-venv)
	@test -x $(BIN)/python || { echo "making the virtual environment $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing pdfseal into $(VENV)"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/.tools: $(VENV)/.program
	@echo "installing the test tools into $(VENV)"
	@$(PIP) install --editable '.[all,test]'
	@touch $@

# ---- targets ---------------------------------------------------------------------------------------

demo: $(VENV)/.program
	@$(BIN)/pdfseal demo demo-output

judges:
	$(call need,qpdf=qpdf pdfsig=poppler-utils openssl=openssl \
	  javac=default-jdk-headless $(BCPROV)=libbcprov-java curl=curl node=nodejs rsvg-convert=librsvg2-bin \
	  /usr/lib/postgresql=postgresql $(CJK_FONT)=fonts-wqy-microhei)

test: judges $(VENV)/.tools
	@echo "running the tests"
	@$(BIN)/python -m pytest

check: $(VENV)/.tools
	@echo "ruff"; $(BIN)/ruff check
	@echo "mypy"; $(BIN)/mypy
	@echo "architecture"; $(BIN)/python -m pytest --quiet tests/test_architecture.py

bench: $(VENV)/.tools
	@$(BIN)/python -m bench

corpus: judges $(VENV)/.tools
	@$(BIN)/python -m tests.corpus.fetch
	@$(BIN)/python -m tests.corpus.run

MINUTES ?= 30
fuzz: $(VENV)/.tools
	@$(PIP) install --editable '.[fuzz]' || echo "without atheris: inputs are mutated at random"
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

fixtures: judges $(VENV)/.tools
	@$(BIN)/python fixtures/make_pdfs.py
	@$(BIN)/python fixtures/make_pictures.py
	@$(BIN)/python fixtures/make_attacks.py
	@echo "not run: fixtures/make_producer_pdfs.sh (it needs Chromium, LibreOffice, TeX, cairo)"

gallery: $(VENV)/.program
	@$(BIN)/python docs/make_gallery.py

clean:
	@rm -rf $(VENV) demo-output bench-output fuzz-output tests/corpus/downloads build dist \
	  .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@echo "removed the environment, caches and outputs"
