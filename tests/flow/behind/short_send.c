/* SPDX-License-Identifier: MIT */
/* A preload behind libredial.so: of a POST's first write only SHORT bytes are taken. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef ssize_t sendmsg_function(int fd, const struct msghdr *message, int flags);

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	static sendmsg_function *next;
	const char *text = getenv("SHORT");
	struct iovec pieces[32];
	struct msghdr shorter = {.msg_iov = pieces};

	if (!next)
		next = (sendmsg_function *)dlsym(RTLD_NEXT, "sendmsg");
	size_t left = text ? strtoul(text, NULL, 10) : 0;
	if (!left || message->msg_iovlen > 32 || message->msg_iov->iov_len < 4 ||
	    memcmp(message->msg_iov->iov_base, "POST", 4) != 0)
		return next(fd, message, flags);
	for (size_t i = 0; i < message->msg_iovlen && left; i++) {
		pieces[i] = message->msg_iov[i];
		if (pieces[i].iov_len > left)
			pieces[i].iov_len = left;
		left -= pieces[i].iov_len;
		shorter.msg_iovlen = i + 1;
	}
	return next(fd, &shorter, flags);
}
