/* SPDX-License-Identifier: MIT */
#include "share_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#include "state_file.h"

#define KIND_OF_KEY 0xff000000u

static uint64_t random_bits(void)
{
	uint64_t bits;
	struct timespec now;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) == (ssize_t)sizeof(bits))
		return bits;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec << 16 ^ (uint64_t)getpid();
}

/* Segments are few on a machine, and not for us to use up. */
static bool are_scarce(void)
{
	struct shm_info in_use;
	struct shminfo limits;

	return shmctl(0, SHM_INFO, (struct shmid_ds *)&in_use) < 0 ||
	       shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) < 0 ||
	       (unsigned long)in_use.used_ids >= limits.shmmni / 2;
}

static int get_segment(struct state_head *head)
{
	enum { TRIES = 16 };
	int id = -1;

	errno = EEXIST;
	for (int i = 0; i < TRIES && id < 0 && errno == EEXIST; i++) {
		head->nonce = random_bits();
		head->key = STATE_KEYS | (uint32_t)(head->nonce & ~KIND_OF_KEY);
		id = shmget((key_t)head->key, sizeof(struct state), IPC_CREAT | IPC_EXCL | 0600);
	}
	return id;
}

int memory_make(struct state_head *head)
{
	struct timespec now;
	struct state *state;

	if (are_scarce())
		return -ENOSPC;
	head->id = get_segment(head);
	state = head->id < 0 ? (void *)-1 : shmat(head->id, NULL, 0);
	if (state == (void *)-1) {
		int err = -errno;

		if (head->id >= 0)
			memory_drop(head->id);
		return err;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	state_init(state, now.tv_sec * UINT64_C(1000) + now.tv_nsec / 1000000);
	memcpy(head->magic, state->head.magic, sizeof(head->magic));
	head->version = state->head.version;
	head->size = state->head.size;
	state->head = *head;
	shmdt(state);
	return 0;
}

/* A segment that was dropped while a process had it has lost its key, and is of interest yet. */
static bool is_of_ours(const struct shmid_ds *memory, uid_t owner)
{
	uint32_t key = (uint32_t)memory->shm_perm.__key;

	return (owner == MEMORY_ANYBODYS || memory->shm_perm.uid == owner) &&
	       (!key || (key & KIND_OF_KEY) == STATE_KEYS) &&
	       memory->shm_segsz >= sizeof(struct state_head);
}

enum memory_use memory_look(int id, uid_t owner, int64_t *last_s, uint32_t *key)
{
	struct shmid_ds memory;

	if (shmctl(id, IPC_STAT, &memory) < 0 || !is_of_ours(&memory, owner))
		return MEMORY_GONE;
	*last_s = memory.shm_ctime;
	if (memory.shm_atime > *last_s)
		*last_s = memory.shm_atime;
	if (memory.shm_dtime > *last_s)
		*last_s = memory.shm_dtime;
	*key = (uint32_t)memory.shm_perm.__key;
	return memory.shm_nattch ? MEMORY_USED : MEMORY_IDLE;
}

bool memory_read(int id, uid_t owner, struct state *copy)
{
	struct shmid_ds memory;
	const void *at;
	size_t len;

	if (shmctl(id, IPC_STAT, &memory) < 0 || !is_of_ours(&memory, owner))
		return false;
	at = shmat(id, NULL, SHM_RDONLY);
	if (at == (void *)-1)
		return false;
	len = memory.shm_segsz < sizeof(*copy) ? memory.shm_segsz : sizeof(*copy);
	memset(copy, 0, sizeof(*copy));
	memcpy(copy, at, len);
	shmdt(at);
	return memcmp(copy->head.magic, STATE_MAGIC, sizeof(copy->head.magic)) == 0;
}

bool memory_holds(const struct state_head *head)
{
	static struct state copy;
	struct shmid_ds memory;

	return shmctl(head->id, IPC_STAT, &memory) == 0 &&
	       state_memory_fits(&memory, head, geteuid()) &&
	       memory_read(head->id, geteuid(), &copy) && state_ok(&copy.head) &&
	       memcmp(&copy.head, head, sizeof(*head)) == 0;
}

struct state *memory_attach(int id, uint64_t nonce)
{
	struct shmid_ds memory;
	struct state *state;

	if (shmctl(id, IPC_STAT, &memory) < 0)
		return NULL;
	if (!is_of_ours(&memory, geteuid() ? geteuid() : MEMORY_ANYBODYS) ||
	    memory.shm_segsz != sizeof(*state)) {
		errno = EINVAL;
		return NULL;
	}
	state = shmat(id, NULL, 0);
	if (state == (void *)-1)
		return NULL;
	if (state_ok(&state->head) && state->head.nonce == nonce)
		return state;
	shmdt(state);
	errno = EINVAL;
	return NULL;
}

void memory_drop(int id)
{
	shmctl(id, IPC_RMID, NULL);
}

int memory_list(uid_t owner, int *ids, int max)
{
	struct shm_info in_use;
	int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&in_use);
	int count = 0;

	for (int place = 0; place <= last && count < max; place++) {
		struct shmid_ds memory;
		int id = shmctl(place, SHM_STAT, &memory);

		if (id >= 0 && memory.shm_perm.__key && is_of_ours(&memory, owner))
			ids[count++] = id;
	}
	return count;
}
