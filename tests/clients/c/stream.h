/* SPDX-License-Identifier: MIT */
/*
 * How old C code speaks HTTP: fprintf and fflush, then fgets to the empty line and fread of what
 * Content-Length says. Included by the clients that differ in how they make the two streams.
 */
#ifndef CLIENT_STREAM_H
#define CLIENT_STREAM_H

#include "client.h"

static FILE *from, *to; /* may be one and the same */
static size_t body_left;

/* Opens both streams on the connected fd. */
static int stream_open(int fd);

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	body_left = 0;
	if (!connect(fd, (const struct sockaddr *)addr, sizeof *addr) && !stream_open(fd))
		return fd;
	close(fd);
	return -1;
}

static int client_send(int fd, const char *data, size_t len)
{
	size_t line = strcspn(data, "\n") + 1;

	if (fileno(from) != fd) {
		errno = EBADF;
		return -1;
	}
	/* In two pieces, by both of the calls that such code has for it. */
	if (fprintf(to, "%.*s", (int)line, data) < 0 ||
	    fwrite(data + line, 1, len - line, to) != len - line)
		return -1;
	return fflush(to);
}

static ssize_t stream_ended(void)
{
	int error = ferror(from) ? errno : ENODATA;

	errno = error;
	return ferror(from) ? -1 : 0;
}

/* A line of the head, or what there is of the body. */
static ssize_t client_recv(int fd, char *data, size_t size)
{
	static size_t length;
	size_t n;

	(void)fd;
	if (body_left) {
		n = fread(data, 1, body_left < size ? body_left : size, from);
		body_left -= n;
		return n ? (ssize_t)n : stream_ended();
	}
	/* A parser that looks one character ahead puts it back. */
	if (ungetc(getc(from), from) == EOF || !fgets(data, (int)size, from))
		return stream_ended();
	if (!strncasecmp(data, "Content-Length:", 15))
		length = strtoul(data + 15, NULL, 10);
	if (!strcmp(data, "\r\n"))
		body_left = length;
	return (ssize_t)strlen(data);
}

static void client_close(int fd)
{
	if (fd < 0)
		return;
	if (to != from)
		fclose(to);
	fclose(from);
}

#endif
