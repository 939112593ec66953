#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make outage`.
exec sh tests/outage/outage.sh 3000
