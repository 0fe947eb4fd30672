#!/usr/bin/env bash
# The compiled suite, two files at a time; alone, what measures memory.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/suite.sh
# Seconds for a file; tap's 30 are not enough on a busy machine.
export TAP_TIMEOUT=300

alone='/memory\.test\.js$'
# shellcheck disable=SC2046
node --enable-source-maps --test --test-concurrency=2 $(suite '*.test.js' | grep -vE "$alone")
# shellcheck disable=SC2046
node --enable-source-maps --test --test-concurrency=1 $(suite '*.test.js' | grep -E "$alone")
