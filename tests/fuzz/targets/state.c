/* SPDX-License-Identifier: MIT */
/*
 * What others have scribbled over the state that processes share: all that is asked of it returns.
 * And a folder of such files is read or passed over (stat/folder.c). The first byte says which.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../../policy/breaker.h"
#include "../../../policy/budget.h"
#include "../../../policy/told_file.h"
#include "../../../scripts/stat/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct state state;
static uint8_t file[sizeof(struct told_head) + sizeof(struct state)];

static void ask_all(void)
{
	static struct policy defaults;
	const struct policy *policy = &defaults;
	policy_defaults(&defaults);
	for (uint64_t now_ms = 1; now_ms < UINT64_C(1) << 40; now_ms *= 1000) {
		budget_take(&state, &policy->budget, now_ms);
		budget_left(&state, &policy->budget, now_ms);
		for (int i = 0; i < STATE_PEERS; i++) {
			struct state_peer *peer = &state.peers[i];
			enum breaker_change change;
			breaker_failed(peer, &policy->breaker, now_ms);
			if (breaker_allows(peer, &policy->breaker, now_ms, &change))
				breaker_give_back(peer, now_ms);
			breaker_succeeded(peer, &policy->breaker, now_ms);
			breaker_left_ms(peer, &policy->breaker, now_ms);
		}
	}
}

static const char *folder(void)
{
	static char name[] = "/tmp/redial-fuzz-XXXXXX";
	static char *made;
	if (!made && !(made = mkdtemp(name)))
		abort();
	return made;
}

/* The head as a process tells it, and of the state what the input says. */
static size_t make_file(const uint8_t *data, size_t size, bool good)
{
	struct told_head head = {.magic = TOLD_MAGIC, .version = STATE_VERSION};
	struct timespec now;
	size_t len = sizeof(head) + TOLD_STATE_LEN;

	memset(file, 0, sizeof(file));
	if (!good) {
		len = size < sizeof(file) ? size : sizeof(file);
		memcpy(file, data, len);
		return len;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	head.size = (uint32_t)len;
	head.pid = (uint32_t)getpid();
	head.uid = getuid();
	head.told_ms = (uint64_t)now.tv_sec * 1000;
	head.told_s = time(NULL);
	memcpy(file, &head, sizeof(head));
	struct state_head told = {.magic = STATE_MAGIC, .version = STATE_VERSION};
	told.size = sizeof(struct state);
	memcpy(file + sizeof(head), &told, sizeof(told));
	size_t at = size ? sizeof(struct state_head) + (size_t)data[0] * 101 % TOLD_STATE_LEN : 0;
	for (size_t i = 0; i < size && at + i < TOLD_STATE_LEN; i++)
		file[sizeof(head) + at + i] ^= data[i];
	return len;
}

static void read_folder(const uint8_t *data, size_t size, bool good)
{
	char name[128];
	struct launches found = {0};
	size_t len = make_file(data, size, good);
	snprintf(name, sizeof(name), "%s/%s%016x-%u", folder(), TOLD_PREFIX, 7, getuid());
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, file, len) != (ssize_t)len)
		abort();
	close(fd);
	folder_find(&found, folder());
	launches_sort(&found);
	launches_drop(&found);
	unlink(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1) {
		read_folder(data + 1, size - 1, data[0] & 2);
		return 0;
	}
	memset(&state, data[0], sizeof(state));
	size_t at = (size_t)data[1] * 257 % sizeof(state);
	for (size_t i = 0; i < size; i++)
		((uint8_t *)&state)[(at + i) % sizeof(state)] = data[i];
	ask_all();
	return 0;
}
