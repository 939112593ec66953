/* SPDX-License-Identifier: MIT */
#include "ssl.h"
