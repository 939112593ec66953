/* SPDX-License-Identifier: MIT */
/*
 * What is read of TLS records, first flights and farewells reads no byte beyond them; records read
 * in pieces are the same as those read whole. The first byte says where they are cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "../../../preload/conn/hello.h"
#include "../../../preload/conn/secured.h"
#include "../../../preload/process/config.h"
#include "../../../preload/process/peers.h"
#include "../../../preload/tls/flight.h"

struct config config; /* which nothing here asks */
struct state_peer peers_nobody;

/* Stands for what they stand beside: nothing of it is called (tests.mk). */
void fuzz_never(void);
void fuzz_never(void)
{
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_in_pieces(struct conn *conn, struct conn_secured *secured, char *bytes, size_t len,
			   size_t cut)
{
	memset(secured, 0, sizeof(*secured));
	for (size_t at = 0; at < len;) {
		size_t some = cut && cut < len - at ? cut : len - at;
		struct iovec iov = {bytes + at, some};
		conn_secured_read(conn, &iov, 1, some);
		at += some;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conn conn;
	struct conn_secured whole, pieces;
	if (!size)
		return 0;
	size_t len = size - 1;
	char *bytes = malloc(len ? len : 1);
	if (!bytes)
		abort();
	memcpy(bytes, data + 1, len);
	enum hello hello = conn_look_at_hello(bytes, len);
	if (hello == HELLO_WHOLE && conn_look_at_hello(bytes, len / 2) == HELLO_NOT)
		abort(); /* it began as one */
	tls_is_greeting(bytes, len);
	if (len && conn_secured_is_farewell((uint8_t *)bytes, len) &&
	    conn_secured_is_farewell((uint8_t *)bytes, len - 1))
		abort(); /* whole records only */
	conn.flags = CONN_SECURED;
	conn.secured = &whole;
	read_in_pieces(&conn, &whole, bytes, len, 0);
	conn.secured = &pieces;
	read_in_pieces(&conn, &pieces, bytes, len, data[0]);
	if (whole.body_left != pieces.body_left || whole.head_len != pieces.head_len)
		abort();
	free(bytes);
	return 0;
}
