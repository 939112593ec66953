# SPDX-License-Identifier: MIT
package require tls
