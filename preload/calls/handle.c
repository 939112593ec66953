/* SPDX-License-Identifier: MIT */
#include "handle.h"

#include <errno.h>

#include "../conn/own.h"
#include "../wire/socket.h"

int handle_socket(const struct handle *handle)
{
	int socket = conn_own_dup(handle->fd);
	if (socket < 0 || wire_cookie(socket) == handle->conn->cookie)
		return socket;
	conn_own_close(socket);
	return -EBADF;
}
