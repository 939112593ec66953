/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>

#include "../process/config.h"
#include "file.h"
#include "patience.h"
#include "structured.h"
#include "../os/mem.h"
#include "../os/sys.h"

static uint64_t dropped;

static uint64_t told_pid; /* the process that has told its version */

struct civil {
	unsigned year, month, day, hour, minute, second, ms;
};

/* Days to a date of the Gregorian calendar, counting years from March so that leap days end one. */
static struct civil civil_now(void)
{
	struct timespec now = {0};
	sys2(clock_gettime, CLOCK_REALTIME, &now);
	uint64_t seconds = (uint64_t)now.tv_sec;
	uint64_t days = seconds / 86400 + 719468; /* from 0000-03-01 to 1970-01-01 */
	unsigned era = (unsigned)(days / 146097);
	unsigned in_era = (unsigned)(days % 146097);
	unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
	unsigned march_month = (5 * in_year + 2) / 153;
	unsigned rest = (unsigned)(seconds % 86400);
	return (struct civil){
	    .year = era * 400 + year + (march_month >= 10),
	    .month = march_month < 10 ? march_month + 3 : march_month - 9,
	    .day = in_year - (153 * march_month + 2) / 5 + 1,
	    .hour = rest / 3600,
	    .minute = rest / 60 % 60,
	    .second = rest % 60,
	    .ms = (unsigned)(now.tv_nsec / 1000000),
	};
}

static void put_clock(struct log_line *line, const struct civil *at)
{
	line_put_padded(line, at->hour, 2);
	line_put(line, ":");
	line_put_padded(line, at->minute, 2);
	line_put(line, ":");
	line_put_padded(line, at->second, 2);
}

static void put_tag(struct log_line *line, uint64_t pid)
{
	line_put(line, " redial[");
	line_put_number(line, pid);
	line_put(line, "]: ");
}

/* As libc's syslog() writes it (RFC 3164 without a host name); in UTC, as in musl. */
static void put_syslog_head(struct log_line *line, int level, uint64_t pid)
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil now = civil_now();
	line_put(line, "<");
	line_put_number(line, config.log.facility | (unsigned)level);
	line_put(line, ">");
	line_put(line, months[now.month - 1]);
	line_put(line, now.day < 10 ? "  " : " ");
	line_put_number(line, now.day);
	line_put(line, " ");
	put_clock(line, &now);
	put_tag(line, pid);
}

/* As RFC 3339 has it, and so RFC 5424. */
static void put_time(struct log_line *line)
{
	struct civil now = civil_now();
	line_put_padded(line, now.year, 4);
	line_put(line, "-");
	line_put_padded(line, now.month, 2);
	line_put(line, "-");
	line_put_padded(line, now.day, 2);
	line_put(line, "T");
	put_clock(line, &now);
	line_put(line, ".");
	line_put_padded(line, now.ms, 3);
	line_put(line, "Z");
}

static void put_file_head(struct log_line *line, uint64_t pid)
{
	put_time(line);
	put_tag(line, pid);
}

/* RFC 5424 section 6: header and structured data, and the space in front of the message. */
static void put_structured_head(struct log_line *line, int level, uint64_t pid,
				const struct log_line *event)
{
	struct utsname host;
	if (sys1(uname, &host) < 0)
		host.nodename[0] = '\0';
	line_put(line, "<");
	line_put_number(line, config.log.facility | (unsigned)level);
	line_put(line, ">1 ");
	put_time(line);
	line_put(line, " ");
	line_put_hostname(line, host.nodename);
	line_put(line, " redial ");
	line_put_number(line, pid);
	line_put(line, " ");
	line_put_msgid(line, event);
	line_put(line, " ");
	line_put_structured(line, event);
	line_put(line, " ");
}

static void put_event(struct log_line *line, const struct log_line *event)
{
	size_t room = sizeof(line->text) - line->len;
	size_t len = event->len < room ? event->len : room;
	memcpy(line->text + line->len, event->text, len);
	line->len += len;
}

/* The head and the event behind it, in one datagram. */
static bool to_syslog(const struct log_line *head, const struct log_line *event)
{
	static const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	struct iovec parts[] = {{(void *)head->text, head->len}, {(void *)event->text, event->len}};
	struct msghdr message = {
	    .msg_name = (void *)&log,
	    .msg_namelen = sizeof(log),
	    .msg_iov = parts,
	    .msg_iovlen = 2,
	};
	long fd = sys3(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	long sent = sys3(sendmsg, fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	sys1(close, fd);
	return sent >= 0;
}

static bool deliver(const struct log_line *event, int level, uint64_t pid)
{
	struct log_line line;
	line.len = 0;
	if (config.log.sink == SINK_FILE) {
		put_file_head(&line, pid);
		put_event(&line, event);
		return log_file_append(config.log.path, &line);
	}
	if (config.log.format == FORMAT_RFC5424)
		put_structured_head(&line, level, pid, event);
	else
		put_syslog_head(&line, level, pid);
	return to_syslog(&line, event);
}

void log_sink_send(struct log_line *event, int level)
{
	if (config.log.sink == SINK_NONE)
		return;
	uint64_t pid = (uint64_t)sys0(getpid);
	uint64_t lost = __atomic_load_n(&dropped, __ATOMIC_RELAXED);
	line_put_text(event, "program", config.program);
	line_put_key_number(event, "pid", pid);
	if (__atomic_exchange_n(&told_pid, pid, __ATOMIC_RELAXED) != pid)
		line_put_text(event, "version", REDIAL_VERSION);
	if (lost)
		line_put_key_number(event, "dropped", lost);
	struct patience turn = patience_begin(pid);
	bool delivered = turn.has && deliver(event, level, pid);
	patience_end(&turn);
	if (delivered)
		__atomic_sub_fetch(&dropped, lost, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&dropped, 1, __ATOMIC_RELAXED);
}
