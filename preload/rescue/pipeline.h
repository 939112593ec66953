/* SPDX-License-Identifier: MIT */
/* Pipelined requests after a rescue: one at a time (see rescue_send_next in redial.h). */
#ifndef REDIAL_REDIAL_PIPELINE_H
#define REDIAL_REDIAL_PIPELINE_H

#include "../conn/conn.h"

/* How many bytes of conn->held go out with the rescue itself. */
uint32_t rescue_first_share(const struct conn *conn);

/* Ends the program's direction of the new connection (SHUT_WR), now or after what is unsent. */
void rescue_end_writing(struct conn *conn);

#endif
