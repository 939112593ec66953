/* SPDX-License-Identifier: MIT */
/*
 * idle PORT COUNT: opens COUNT connections, makes one exchange on each and keeps them. Prints by
 * how many bytes the process's own dirty memory grew, and sizeof(struct conn).
 */
#include <sys/resource.h>

#include "../../preload/conn/conn.h"
#include "bench.h"

static long private_dirty(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kb = -1;

	while (file && kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "Private_Dirty: %ld", &kb);
	if (!file || kb < 0)
		die("/proc/self/smaps_rollup");
	fclose(file);
	return kb * 1024;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct sockaddr_in addr;
	struct message request;
	long before;

	if (argc != 3)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	addr = loopback(argv[1]);
	request = make_request("GET", PATH_200);
	/* What the first of all costs is not what each costs; and stdio has its buffer then. */
	if (exchange(dial(&addr), &request) < 0)
		die("exchange");
	private_dirty();
	before = private_dirty();
	for (int i = atoi(argv[2]); i > 0; i--) {
		if (exchange(dial(&addr), &request) < 0)
			die("exchange");
	}
	printf("%ld %zu\n", private_dirty() - before, sizeof(struct conn));
	return 0;
}
