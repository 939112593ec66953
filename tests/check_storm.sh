#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make storm`.
exec sh tests/storm/storm.sh 3000
