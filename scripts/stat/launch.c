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

/* Not told for longer in another PID namespace: nobody knows whether it lives. */
enum { TOLD_FOR_S = 3600 };

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

/* No launcher has made it: it is named after the process that told it first, while it ran. */
static bool is_own(const struct state_head *head)
{
	return !head->key;
}

static bool is_root(const struct proc *proc, const struct state_head *head)
{
	return is_own(head) ? proc->start <= head->root_start : proc->start == head->root_start;
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
	    is_root(&proc, &state->head))
		memcpy(launch->name, proc.name, sizeof(proc.name));
}

/* Appends printable text, or as much of it as there is room for. */
static void append_text(char *name, size_t room, const char *text, size_t len)
{
	size_t end = strlen(name);

	for (size_t i = 0; i < len && end < room - 1; i++)
		name[end++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	name[end] = '\0';
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

/* Those of another PID namespace: none can be looked up, so all that have not said that they end.
 */
static void trust_processes(struct launch *launch, const struct state *state,
			    const struct told_head *told)
{
	for (int i = 0; i < PROCESS_ENTRIES; i++) {
		const struct process *from = &state->processes[i];
		struct launch_process *to = &launch->processes[launch->process_count];
		bool shared = i == PROCESS_ENTRIES - 1;

		to->pid = process_pid(from);
		if (!shared && !to->pid)
			continue;
		if (to->pid == told->pid)
			append_text(to->name, sizeof(to->name), told->program,
				    strlen(told->program));
		for (int n = 0; n < PROCESS_GAUGES; n++) {
			to->gauges[n] = no_less_than_0(from->gauges[n]);
			launch->gauges[n] += to->gauges[n];
		}
		memcpy(to->events, from->events, sizeof(to->events));
		launch->process_count += !shared;
	}
	launch->crowded = launch->process_count > 1;
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
			 (!is_own(&state->head) &&
			  proc_maps_at(to->pid, state->head.id, from->at) == PROC_MAPS_NOT))
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
		append_text(name, LAUNCH_PEER_MAX, peer->name + abstract, known - abstract);
		append_text(name, LAUNCH_PEER_MAX, "...", peer->name_len > known ? 3 : 0);
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

static void read_counts(struct launch *launch, const struct state *state)
{
	launch->requests = state_requests(state);
	memcpy(launch->events, state->events, sizeof(launch->events));
	launch->settled = state->settled;
	if (launch->settled) {
		read_budget(launch, state);
		read_breakers(launch, state);
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
	if (!launch->told_s)
		launch->read_ms = now_ms(CLOCK_MONOTONIC);
	launch->per_second = -1;
	read_board(launch, state);
	read_processes(launch, state);
	if (!*launch->name && !launch->process_count && !proc_read(pid, &proc))
		return LAUNCH_OVER;
	read_counts(launch, state);
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

/* In the process that told it, while it is the one that did. */
static bool read_alive(const struct told_head *told, const struct state *known, struct state *state)
{
	return proc_copy(told->pid, told->at, state, TOLD_STATE_LEN) &&
	       memcmp(&state->head, &known->head, sizeof(state->head)) == 0;
}

enum launch_result launch_read_told(struct launch *launch, const char *path,
				    const struct told_head *told, const struct state *state)
{
	static struct state alive;
	uint64_t space = proc_own_space();

	begin(launch, path);
	if (space && told->pids == space && read_alive(told, state, &alive))
		return read_all(launch, &alive, 0);
	launch->told_s = told->told_s ? told->told_s : 1;
	launch->read_ms = told->told_ms;
	if (space && told->pids == space)
		return read_all(launch, state, 0);
	if (time(NULL) - launch->told_s > TOLD_FOR_S)
		return LAUNCH_OVER;
	read_root(launch, state);
	launch->name[0] = '\0';
	append_text(launch->name, sizeof(launch->name), told->program, strlen(told->program));
	launch->nonce = state->head.nonce;
	launch->per_second = -1;
	trust_processes(launch, state, told);
	read_counts(launch, state);
	return LAUNCH_ALIVE;
}
