/* SPDX-License-Identifier: MIT */
/* What each fault does to its request or its connection. */
#include <linux/filter.h>
#include <stdio.h>
#include <sys/socket.h>

#include "conn.h"
#include "log.h"

void fault_log(const struct conn *c, const char *read)
{
	const struct request *r = &c->request;

	log_line("request conn=%u n=%u method=%s path=%s body=%llu id=%s attempt=%s read=%s "
		 "fault=%s sum=%08x ms=%ld head=%08x",
		 c->id, c->requests, r->method, r->path, (unsigned long long)r->body_len, r->id,
		 r->attempt, read, c->fault ? c->fault->name : "-", r->sum, c->asked_ms,
		 r->head_sum);
}

/* The request has crossed the close of a connection that was idle for too long. */
static bool has_crossed(const struct conn *c)
{
	return c->fault && c->fault->action == ACT_IDLE_RACE &&
	       now_ms() - c->answered_ms >= c->fault->arg;
}

void fault_choose(struct server *s, struct conn *c)
{
	static const struct spec crossed = {
	    .action = ACT_RESET_UNREAD, .name = "idle-race", .arg = -1};
	struct occasion now = {
	    .conn = c->id,
	    .nth = ++c->requests,
	    .total = ++s->requests,
	    .method = c->request.method,
	    .path = c->request.path,
	};

	if (!s->first_ms)
		s->first_ms = now_ms();
	c->asked_ms = now.ms = (long)(now_ms() - s->first_ms);
	c->head_seen = true;
	c->deadline_ms = 0;
	c->end = END_STAY;
	c->fault = has_crossed(c) ? &crossed : spec_find(&s->faults, &now);
}

bool fault_is_idle(const struct conn *c)
{
	return c->fault && (c->fault->action == ACT_IDLE_RESET ||
			    c->fault->action == ACT_IDLE_CLOSE || c->fault->action == ACT_IDLE_408);
}

void fault_idle_over(struct conn *c)
{
	static const char timeout[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
				      "Connection: close\r\n\r\n";

	/* A failure to send is the peer's being gone: nothing to do about it. */
	if (c->fault->action == ACT_IDLE_408)
		(void)send(c->fd, timeout, sizeof timeout - 1, MSG_NOSIGNAL);
	c->end = c->fault->action == ACT_IDLE_RESET ? END_RST : END_FIN;
	conn_leave(c);
}

void fault_silence(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &drop};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program))
		perror("faultd: cannot drop what comes");
}

static void fall_silent(struct server *s, struct conn *c)
{
	c->state = CONN_SILENT;
	conn_watch(s, c);
}

void fault_act(struct server *s, struct conn *c)
{
	fault_log(c, "full");
	switch (c->fault ? c->fault->action : ACT_NONE) {
	case ACT_REFUSE:
		listener_refuse(&s->listener, (int)c->fault->arg);
		conn_finish(c, true, true);
		return;
	case ACT_HANG_ACCEPT:
		listener_hang(&s->listener, (int)c->fault->arg);
		conn_finish(c, true, true);
		return;
	case ACT_SHED:
		s->shed_left += (int)c->fault->arg;
		conn_finish(c, true, true);
		return;
	case ACT_RESET:
	case ACT_CLOSE:
		conn_finish(c, true, c->fault->action == ACT_RESET);
		return;
	case ACT_DROP:
		fall_silent(s, c);
		return;
	case ACT_DELAY:
		c->state = CONN_WAITING;
		c->deadline_ms = now_ms() + c->fault->arg;
		conn_watch(s, c);
		return;
	case ACT_EARLY:
		c->request.keep_alive = false;
		/* fall through */
	case ACT_BUSY:
		conn_answer(s, c, 503);
		return;
	case ACT_STATUS:
		conn_answer(s, c, (int)c->fault->arg);
		return;
	default:
		conn_answer(s, c, 0);
	}
}

void fault_unread(struct server *s, struct conn *c)
{
	fault_log(c, "none");
	if (c->fault->action == ACT_FIN_UNREAD) {
		shutdown(c->fd, SHUT_WR);
		fall_silent(s, c);
		return;
	}
	conn_finish(c, true, c->fault->action == ACT_RESET_UNREAD);
}

void fault_early(struct server *s, struct conn *c)
{
	fault_log(c, "part");
	c->request.keep_alive = false;
	conn_answer(s, c, (int)c->fault->arg);
}
