/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../preload/connect/loopback.h"
#include "support/runner.h"
#include "unit.h"

#define ONE4  "0100007F"
#define ANY4  "00000000"
#define ONE6  "00000000000000000000000001000000"
#define ANY6  "00000000000000000000000000000000"
#define OTHER "000080FE00000000FF00FC00010000FE"
#define REST  " 00000000:00000000 00:00000000 00000000     0        0 1611 1"

static enum loopback_line look(const char *line, bool v6)
{
	return loopback_look(line, strlen(line), v6, 0x1F90);
}

static void listeners_are_told_by_address_and_port(void)
{
	CU_ASSERT(look("   0: " ONE4 ":1F90 " ANY4 ":0000 0A" REST, false) == LOOPBACK_FOUND);
	CU_ASSERT(look("1000: " ANY4 ":1F90 " ANY4 ":0000 0A" REST, false) == LOOPBACK_FOUND);
	CU_ASSERT(look("   0: 0200007F:1F90 " ANY4 ":0000 0A" REST, false) == LOOPBACK_OTHER);
	CU_ASSERT(look("   0: " ONE4 ":1F91 " ANY4 ":0000 0A" REST, false) == LOOPBACK_OTHER);
	CU_ASSERT(look("   0: " ONE6 ":1F90 " ANY6 ":0000 0A" REST, true) == LOOPBACK_FOUND);
	CU_ASSERT(look("   0: " ANY6 ":1F90 " ANY6 ":0000 0A" REST, true) == LOOPBACK_FOUND);
	CU_ASSERT(look("   0: " OTHER ":1F90 " ANY6 ":0000 0A" REST, true) == LOOPBACK_OTHER);
}

static void what_is_no_listener_is_their_end(void)
{
	CU_ASSERT(look("   7: " ONE4 ":1F90 " ONE4 ":A9D7 01" REST, false) == LOOPBACK_END);
	CU_ASSERT(look("   7: " ONE6 ":1F90 " ONE6 ":A9D7 06" REST, true) == LOOPBACK_END);
}

static void other_lines_say_nothing(void)
{
	static const char heading[] = "  sl  local_address rem_address   st tx_queue rx_queue";
	static const char line[] = "   0: " ONE4 ":1F90 " ANY4 ":0000 0A";
	CU_ASSERT(look(heading, false) == LOOPBACK_OTHER);
	CU_ASSERT(look("", true) == LOOPBACK_OTHER);
	for (size_t len = 0; len < sizeof(line) - 1; len++)
		CU_ASSERT(loopback_look(line, len, false, 0x1F90) == LOOPBACK_OTHER);
	CU_ASSERT(look("   0: " ONE4 ":1f90 " ANY4 ":0000 0A", false) == LOOPBACK_OTHER);
}

static struct sockaddr_in6 address6(const char *text, in_port_t port)
{
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = port};
	inet_pton(AF_INET6, text, &addr.sin6_addr);
	return addr;
}

static bool other_listens(const char *text, in_port_t port)
{
	struct sockaddr_in6 in6 = address6(text, port);
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return loopback_other_listens((struct sockaddr *)&in);
	return loopback_other_listens((struct sockaddr *)&in6);
}

static void listener_on_the_other_loopback_is_found(void)
{
	struct sockaddr_in6 addr = address6("::1", 0);
	struct sockaddr_in addr4 = {.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr), len4 = sizeof(addr4);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int fd4 = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT(bind(fd4, (struct sockaddr *)&addr4, len4) == 0 && listen(fd4, 1) == 0);
	getsockname(fd4, (struct sockaddr *)&addr4, &len4);
	CU_ASSERT(other_listens("::1", addr4.sin_port));
	CU_ASSERT(!other_listens("127.0.0.2", addr4.sin_port));
	if (bind(fd, (struct sockaddr *)&addr, len) == 0 && listen(fd, 1) == 0) {
		getsockname(fd, (struct sockaddr *)&addr, &len);
		CU_ASSERT(other_listens("127.0.0.1", addr.sin6_port));
		CU_ASSERT(other_listens("::ffff:127.0.0.1", addr.sin6_port));
		CU_ASSERT(!other_listens("127.0.0.2", addr.sin6_port));
		close(fd);
		CU_ASSERT(!other_listens("127.0.0.1", addr.sin6_port));
	} else {
		printf("NOT RUN: needs IPv6 ");
	}
	close(fd4);
	CU_ASSERT(!other_listens("::1", addr4.sin_port));
}

void suite_loopback(void)
{
	static const struct runner_test tests[] = {
	    TEST(listeners_are_told_by_address_and_port),
	    TEST(what_is_no_listener_is_their_end),
	    TEST(other_lines_say_nothing),
	    TEST(listener_on_the_other_loopback_is_found),
	    TEST_END,
	};
	runner_suite("loopback", tests);
}
