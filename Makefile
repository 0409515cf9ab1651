# `make run` tries Patchbay out, `make test` checks it. A machine with Python 3.11 (with venv) and make is enough.

PYTHON ?= $(shell for python in python3.11 python3 python; do \
	$$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PORT ?= 8000
SANDBOX_PORT ?= 8900
SPECS_DIR ?= $(wildcard ../shared/specs)

PROCESSES ?= 2
SERVICES = browser or postgres or crash or benchmark or idp
# The environment of a person who tries things out is no part of a test.
PYTEST = unset PUBLIC_URL SANDBOX_URL; $(if $(SPECS_DIR),SPECS_DIR='$(abspath $(SPECS_DIR))') .venv/bin/pytest
COMPILE = .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# Identity providers to test with, as Debian 12 has them. mini-httpd and php-cgi stand where Apache would be brought in.
IDP_PACKAGES = mini-httpd php-cgi php-cli php-xml php-mbstring simplesamlphp \
	starman liblemonldap-ng-portal-perl liblasso-perl libgd-securityimage-perl libimage-magick-perl libio-string-perl \
	libxml-simple-perl

.PHONY: run test test-idp suite messages lock clean

run: .venv/run.stamp
	@exec .venv/bin/python manage.py try_out --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: export DJANGO_SETTINGS_MODULE = tests.settings
test: .venv/dev.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m django makemigrations --check --dry-run
	.venv/bin/python -m django check
	$(PYTEST) -n $(PROCESSES) --dist worksteal -m 'not ($(SERVICES))'

# Single sign-on with real identity providers, which are installed if they are missing.
test-idp: .venv/dev.stamp
	@dpkg-query --show $(IDP_PACKAGES) >/dev/null 2>&1 || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { \
			echo 'The identity providers are missing. On Debian 12, as root: apt-get install --no-install-recommends $(IDP_PACKAGES)' >&2; \
			exit 1; \
		}; \
		apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $(IDP_PACKAGES); \
	}
	$(PYTEST) tests/idp

# Tests by themselves: make suite TESTS='tests/contract -k xero'
suite: .venv/dev.stamp
	$(PYTEST) $(TESTS)

# The catalogue of translations, with all texts of today, as text and compiled.
messages: .venv/dev.stamp
	.venv/bin/python -m tests.config.catalogue

lock: .venv/bin/uv
	$(COMPILE) --upgrade --output-file requirements.lock
	$(COMPILE) --upgrade --extra celery --constraint requirements.lock --output-file requirements-celery.lock
	$(COMPILE) --upgrade --extra celery --group dev --constraint requirements-celery.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@test -n '$(PYTHON)' || { echo 'Patchbay needs Python 3.11 or newer, with venv. Name it: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/bin/uv: .venv/bin/pip
	.venv/bin/pip install --quiet uv

.venv/run.stamp: requirements.lock | .venv/bin/pip
	.venv/bin/pip install --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock | .venv/bin/pip
	.venv/bin/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@ .venv/run.stamp
