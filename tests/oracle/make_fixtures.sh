#!/usr/bin/env bash
# Makes tests/fixtures/tokens anew. Needs Node, the packages of package-lock.json and python3-jinja2.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
node make_tokenizers.mjs
node make_token_cases.mjs
python3 render_templates.py
node compare_templates.mjs
