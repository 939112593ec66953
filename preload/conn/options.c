/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "../os/mem.h"

bool conn_note_option(struct conn *conn, int level, int name, const void *value, socklen_t len,
		      struct wire_note *note)
{
	int option = wire_option_find(level, name, conn->flags & CONN_CONNECTED);
	*note = (struct wire_note){.option = (uint8_t)option};
	if (option >= 0 && wire_options[option].traits & WIRE_ONCE)
		return false;
	if (option >= 0) {
		note->len = (uint8_t)wire_option_len(option, value, len);
		if (value) /* else zero: ipv6(7) takes that for a value */
			memcpy(note->value, value, note->len);
		if (wire_notes_add(&conn->options, note))
			return true;
	}
	conn->flags |= CONN_UNLIKE;
	return false;
}
