/* SPDX-License-Identifier: MIT */
/* Polls of an io_uring that stand at a socket, not at its number. */
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

enum { ENTRIES = 8, LIMIT_MS = 3000 };

struct ring {
	int fd;
	struct io_uring_params params;
	char *queues;
	struct io_uring_sqe *sqes;
};

static unsigned *word(const struct ring *ring, unsigned offset)
{
	return (unsigned *)(void *)(ring->queues + offset);
}

static bool open_ring(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	ring->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &ring->params);
	if (ring->fd < 0 || !(ring->params.features & IORING_FEAT_SINGLE_MMAP))
		return false;
	size_t sq = ring->params.sq_off.array + ring->params.sq_entries * sizeof(unsigned);
	size_t cq =
	    ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->queues = mmap(NULL, sq > cq ? sq : cq, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes =
	    mmap(NULL, ring->params.sq_entries * sizeof(*ring->sqes), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	return ring->queues != MAP_FAILED && (void *)ring->sqes != MAP_FAILED;
}

static void submit_poll(struct ring *ring, int fd, unsigned events, bool stands)
{
	unsigned *tail = word(ring, ring->params.sq_off.tail);
	unsigned at = *tail & *word(ring, ring->params.sq_off.ring_mask);

	ring->sqes[at] = (struct io_uring_sqe){.opcode = IORING_OP_POLL_ADD,
					       .fd = fd,
					       .poll32_events = events,
					       .len = stands ? IORING_POLL_ADD_MULTI : 0};
	word(ring, ring->params.sq_off.array)[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0);
}

/* Has a poll told of something? *stands: it goes on, if it was to. */
static bool hear(struct ring *ring, bool *stands)
{
	unsigned *head = word(ring, ring->params.cq_off.head);
	struct pollfd slot = {.fd = ring->fd, .events = POLLIN};
	struct timespec limit = {LIMIT_MS / 1000, 0};
	const struct io_uring_cqe *cqes = (const void *)(ring->queues + ring->params.cq_off.cqes);

	if (syscall(SYS_ppoll, &slot, 1, &limit, NULL, 8) != 1)
		return false;
	*stands =
	    cqes[*head & *word(ring, ring->params.cq_off.ring_mask)].flags & IORING_CQE_F_MORE;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

/* arg: "stands" for one poll of many shots, else a new one before each read. */
static void read_when_told(struct ring *ring, int fd, bool *stands)
{
	bool wants = !strcmp(program.arg, "stands");
	char text[4096];

	for (;;) {
		if (!*stands)
			submit_poll(ring, fd, POLLIN, wants);
		if (!hear(ring, stands)) {
			say("silence");
			return;
		}
		ssize_t got = recv(fd, text, sizeof(text), 0);
		if (got < 0 && errno == EAGAIN)
			continue;
		say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
		return;
	}
}

PROGRAM(polls_by_a_ring)
{
	struct ring ring;
	bool stands = false;

	if (!open_ring(&ring)) {
		say("no ring");
		return;
	}
	program.way = WAY_POLL;
	int fd = dial();
	for (int i = 1; i <= 2; i++) {
		ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
		read_when_told(&ring, fd, &stands);
	}
	hang_up(fd);
}

PROGRAM(connects_by_a_ring)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	struct ring ring;
	bool stands;

	if (!open_ring(&ring)) {
		say("no ring");
		return;
	}
	int first = dial();
	exchange(first, "GET", "/1", NULL);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int error = connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	say("%s", error_name(error));
	ask(first, "GET", "/2", NULL);
	submit_poll(&ring, fd, POLLOUT, false);
	say("%s", hear(&ring, &stands) ? "told" : "silence");
	hang_up(first);
}

/* The second connect stands once its SYN has been sent again. */
static void lets_in_late(struct peer *peer)
{
	int fd = peer_accept(peer);

	if (peer_read_until(peer, fd, "\r\n\r\n") == 0) {
		peer_shut_out(peer);
		peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
		peer_read_until(peer, fd, "\r\n\r\n");
		peer_let_in(peer);
		peer_close(peer_accept(peer));
	}
	peer_close(fd);
}

static bool has_rings(struct flow *flow)
{
	flow_bare(flow);
	if (strcmp(flow->result.out, "no ring\n") != 0)
		return true;
	printf("there is no io_uring here: it was not looked at\n");
	return false;
}

static void failure_under_a_poll_that_stands_at_the_socket_is_the_programs(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2"};
	struct flow flow = {.program = "polls_by_a_ring", .arg = "stands"};

	for (int i = 0; i < 2; i++) {
		flow.faults[0] = faults[i];
		if (!has_rings(&flow))
			break;
		flow_both_alike(&flow);
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "reason=unseen-wait", NULL);
	}
	flow_end(&flow);
}

static void poll_of_one_shot_by_a_ring_brings_the_rescue_on(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2"};
	struct flow flow = {.program = "polls_by_a_ring", .arg = "once"};

	for (int i = 0; i < 2; i++) {
		flow.faults[0] = faults[i];
		if (!has_rings(&flow))
			break;
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

static void connect_that_a_ring_waits_for_is_the_programs(void)
{
	struct flow flow = {.program = "connects_by_a_ring",
			    .peer = lets_in_late,
			    .policy = "retry = { on = [\"connect\", \"connect-timeout\"]; "
				      "connect_timeout_ms = 5000; };"};

	if (has_rings(&flow)) {
		flow_redial(&flow);
		expect_printed(&flow, "200\nEINPROGRESS\ntold\n");
	}
	flow_end(&flow);
}

const struct runner_test unseen_polls_tests[] = {
    T(failure_under_a_poll_that_stands_at_the_socket_is_the_programs),
    T(poll_of_one_shot_by_a_ring_brings_the_rescue_on),
    T(connect_that_a_ring_waits_for_is_the_programs),
    T_END,
};
