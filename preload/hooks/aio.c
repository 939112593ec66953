/* SPDX-License-Identifier: MIT */
/* Asynchronous I/O (aio(7)) is done by threads of libc's, whose calls nobody sees. */
#include <aio.h>

#include "../calls/placeholder.h"
#include "../conn/table.h"
#include "../os/real.h"

static void let_go(int fd)
{
	if (__builtin_expect(table_find(fd) != NULL, 0))
		call_let_go(fd);
}

HOOK int aio_read(struct aiocb *block)
{
	let_go(block->aio_fildes);
	return real.aio_read(block);
}

HOOK int aio_read64(struct aiocb64 *block)
{
	let_go(block->aio_fildes);
	return real.aio_read64(block);
}

HOOK int aio_write(struct aiocb *block)
{
	let_go(block->aio_fildes);
	return real.aio_write(block);
}

HOOK int aio_write64(struct aiocb64 *block)
{
	let_go(block->aio_fildes);
	return real.aio_write64(block);
}

HOOK int lio_listio(int mode, struct aiocb *const list[], int count, struct sigevent *event)
{
	for (int i = 0; i < count; i++) {
		if (list[i])
			let_go(list[i]->aio_fildes);
	}
	return real.lio_listio(mode, list, count, event);
}

HOOK int lio_listio64(int mode, struct aiocb64 *const list[], int count, struct sigevent *event)
{
	for (int i = 0; i < count; i++) {
		if (list[i])
			let_go(list[i]->aio_fildes);
	}
	return real.lio_listio64(mode, list, count, event);
}
