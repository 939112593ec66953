#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make soak`.
exec sh "$(dirname "$0")/soak/soak.sh" 20000 16 2
