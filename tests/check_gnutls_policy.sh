#!/bin/sh
# SPDX-License-Identifier: MIT
# check_https_policy.sh for programs that use GnuTLS: the same requests, by the same program.
exec sh "$(dirname "$0")/check_https_policy.sh" gnutls
