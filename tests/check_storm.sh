#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make storm`.
cd "$(dirname "$0")/.." || exit 1
exec python3 -B tests/storm/storm.py 60
