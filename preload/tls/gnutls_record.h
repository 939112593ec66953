/* SPDX-License-Identifier: MIT */
/* The calls that set something of a GnuTLS session: made as they are, and recorded. */
#ifndef REDIAL_TLS_GNUTLS_RECORD_H
#define REDIAL_TLS_GNUTLS_RECORD_H

#include "gnutls.h"

#define X(result, name, parameters, ...) result on_##name parameters;
GNUTLS_RECORDED(X)
#undef X

#endif
