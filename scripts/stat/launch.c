/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../policy/budget.h"
#include "../../policy/share_memory.h"

/* By how much a process may seem to have begun after it took its entry: ticks are coarse. */
enum { SLACK_MS = 100 };

static uint64_t now_ms(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What the file says; errno tells why it says nothing. */
static bool read_head(const char *path, struct state_head *head)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t len = -1;

	if (fd < 0)
		return false;
	memset(head, 0, sizeof(*head));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (!geteuid() || st.st_uid == geteuid()))
		len = pread(fd, head, sizeof(*head), 0);
	else
		errno = EACCES;
	close(fd);
	if (len >= 0)
		errno = ENOMSG;
	return len == sizeof(*head) && memcmp(head->magic, STATE_MAGIC, sizeof(head->magic)) == 0;
}

/* Whose memory we may look at. */
static uid_t owner(void)
{
	return geteuid() ? geteuid() : MEMORY_ANYBODYS;
}

static void read_root(struct launch *launch, const struct state *state)
{
	uint64_t boot_ms = now_ms(CLOCK_REALTIME) - now_ms(CLOCK_BOOTTIME);
	uint64_t start_ms = proc_ms(state->head.root_start);
	uint64_t space = proc_own_space();
	struct proc proc;

	if (start_ms > now_ms(CLOCK_BOOTTIME))
		start_ms = now_ms(CLOCK_BOOTTIME);
	launch->since_s = (int64_t)((boot_ms + start_ms) / 1000);
	launch->pid = state->head.root_pid;
	if ((!space || state->head.root_space == space) && proc_read(state->head.root_pid, &proc) &&
	    proc.start == state->head.root_start)
		memcpy(launch->name, proc.name, sizeof(proc.name));
}

static uint32_t no_less_than_0(int32_t gauge)
{
	return gauge > 0 ? (uint32_t)gauge : 0;
}

static void read_part(struct launch_process *to, const struct state *state, unsigned place)
{
	const struct switchboard_part *part = &state->board.parts[place];

	to->place = place;
	if (part->pid != to->pid)
		return;
	to->pending = part->seen != state->board.generation;
	to->off = part->state & STATE_OFF;
	to->behind = part->state & STATE_BEHIND;
	to->policy = part->sum;
}

static void read_board(struct launch *launch, const struct state *state)
{
	const struct switchboard *board = &state->board;

	launch->id = state->head.id;
	launch->ours = state->head.space && state->head.space == proc_own_ids();
	launch->off = board->turn == TURN_OFF;
	launch->reloads = board->reloads;
	launch->policy = board->reloads ? board->policy.checksum : 0;
	snprintf(launch->policy_path, sizeof(launch->policy_path), "%.*s", (int)sizeof(board->path),
		 board->path);
}

static void read_processes(struct launch *launch, const struct state *state)
{
	for (int i = 0; i < PROCESS_ENTRIES; i++) {
		const struct process *from = &state->processes[i];
		struct launch_process *to = &launch->processes[launch->process_count];
		bool shared = i == PROCESS_ENTRIES - 1;
		struct proc proc;

		to->pid = process_pid(from);
		if (shared)
			to->pid = 0;
		else if (!proc_read(to->pid, &proc) ||
			 proc_ms(proc.start) > from->since_ms + SLACK_MS ||
			 proc_maps_at(to->pid, state->head.id, from->at) == PROC_MAPS_NOT)
			continue;
		else
			memcpy(to->name, proc.name, sizeof(proc.name));
		for (int n = 0; n < PROCESS_GAUGES; n++) {
			to->gauges[n] = no_less_than_0(from->gauges[n]);
			launch->gauges[n] += to->gauges[n];
			launch->crowded |= shared && from->gauges[n];
		}
		memcpy(to->events, from->events, sizeof(to->events));
		read_part(to, state, (unsigned)i);
		launch->process_count += !shared;
	}
}

static void read_budget(struct launch *launch, const struct state *state)
{
	uint32_t window_ms = state->budget_settings.window_ms;

	launch->budget = state->budget_settings;
	if (!launch->budget.enabled)
		return;
	launch->budget.window_ms = window_length(&state->budget, window_ms);
	launch->budget_left = budget_left(state, &state->budget_settings, launch->read_ms);
	launch->budget_all = launch->budget_left +
			     window_sum(&state->budget, WINDOW_EVENTS, window_ms, launch->read_ms);
}

/* Appends printable text, or as much of it as there is room for. */
static void append_text(char name[LAUNCH_PEER_MAX], const char *text, size_t len)
{
	size_t end = strlen(name);

	for (size_t i = 0; i < len && end < LAUNCH_PEER_MAX - 1; i++)
		name[end++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	name[end] = '\0';
}

static void name_peer(char name[LAUNCH_PEER_MAX], const struct state_peer *peer)
{
	size_t known = peer->name_len < STATE_NAME_MAX ? peer->name_len : STATE_NAME_MAX;
	char address[INET6_ADDRSTRLEN];
	bool abstract = known && !peer->name[0]; /* unix(7) */

	if (peer->family == AF_INET || peer->family == AF_INET6) {
		inet_ntop(peer->family, peer->name, address, sizeof(address));
		snprintf(name, LAUNCH_PEER_MAX, peer->family == AF_INET ? "%s:%u" : "[%s]:%u",
			 address, ntohs(peer->port));
	} else if (peer->family == AF_UNIX) {
		strcpy(name, abstract ? "unix:@" : "unix:");
		append_text(name, peer->name + abstract, known - abstract);
		append_text(name, "...", peer->name_len > known ? 3 : 0);
	} else {
		strcpy(name, "unknown");
	}
}

static void read_breakers(struct launch *launch, const struct state *state)
{
	const struct policy_breaker *settings = &state->breaker_settings;

	for (int i = 0; settings->enabled && i < STATE_PEERS; i++) {
		const struct state_peer *peer = &state->peers[i];
		struct launch_breaker *to = &launch->breakers[launch->breaker_count];

		if (!peer->key || breaker_state(peer) == BREAKER_CLOSED)
			continue;
		name_peer(to->peer, peer);
		to->state = breaker_state(peer);
		to->left_ms = breaker_left_ms(peer, settings, launch->read_ms);
		launch->breaker_count++;
	}
}

static enum launch_result read_all(struct launch *launch, const struct state *state, uint32_t pid)
{
	struct proc proc;

	/* What says whose it is stands at its start in all versions. */
	read_root(launch, state);
	launch->nonce = state->head.nonce;
	if (!state_ok(&state->head))
		return *launch->name || proc_read(pid, &proc) ? LAUNCH_OTHER : LAUNCH_OVER;
	launch->read_ms = now_ms(CLOCK_MONOTONIC);
	launch->per_second = -1;
	read_board(launch, state);
	read_processes(launch, state);
	if (!*launch->name && !launch->process_count && !proc_read(pid, &proc))
		return LAUNCH_OVER;
	launch->requests = state_requests(state);
	memcpy(launch->events, state->events, sizeof(launch->events));
	launch->settled = state->settled;
	if (launch->settled) {
		read_budget(launch, state);
		read_breakers(launch, state);
	}
	return LAUNCH_ALIVE;
}

static void begin(struct launch *launch, const char *path)
{
	memset(launch, 0, sizeof(*launch));
	snprintf(launch->path, sizeof(launch->path), "%s", path);
}

/* Memory that nobody has is not touched: that would keep the launcher from sweeping it away. */
static bool is_to_be_looked_at(const struct state_head *head, uint32_t pid)
{
	enum memory_use use;
	struct proc proc;
	int64_t last_s;
	uint32_t key;

	use = memory_look(head->id, owner(), &last_s, &key);
	return use == MEMORY_USED ||
	       (use == MEMORY_IDLE && (pid || proc_read(head->root_pid, &proc)));
}

enum launch_result launch_read(struct launch *launch, const char *path, uint32_t pid)
{
	static struct state state;
	struct state_head head;

	begin(launch, path);
	if (!read_head(path, &head))
		return LAUNCH_NONE;
	memset(&state, 0, sizeof(state));
	state.head = head;
	if (!state_ok(&head))
		return read_all(launch, &state, pid);
	if (head.space != proc_own_ids() || !is_to_be_looked_at(&head, pid))
		return LAUNCH_OVER;
	if (memory_read(head.id, owner(), &state) && state.head.nonce == head.nonce)
		return read_all(launch, &state, pid);
	errno = ENOMSG;
	return LAUNCH_NONE;
}

/* Is what lies there the memory of a launch? */
static bool read_memory(uint32_t pid, int id, uint64_t at, struct state *state)
{
	if (proc_shares_ids(pid) && memory_read(id, owner(), state))
		return true;
	return proc_copy(pid, at, state, sizeof(*state)) &&
	       memcmp(state->head.magic, STATE_MAGIC, sizeof(state->head.magic)) == 0;
}

enum launch_result launch_read_process(struct launch *launch, uint32_t pid)
{
	enum { PIECES_MAX = 64 };
	static struct state state;
	int ids[PIECES_MAX];
	uint64_t at[PIECES_MAX];
	char path[PATH_MAX] = "";
	int count = proc_memory(pid, ids, at, PIECES_MAX);
	bool named = count != -ESRCH && proc_named_file(pid, path);

	begin(launch, path);
	for (int i = 0; i < count; i++)
		if (read_memory(pid, ids[i], at[i], &state))
			return read_all(launch, &state, pid);
	if (named)
		return launch_read(launch, path, pid);
	errno = count < 0 ? -count : ENOENT;
	return LAUNCH_NONE;
}
