/* SPDX-License-Identifier: MIT */
/* soak PORT REQUESTS THREADS PROCESSES: against 127.0.0.1; prints its progress, then its counts. */
#include "soak.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX   256
#define PROCESSES_MAX 64

struct soak {
	struct sockaddr_in addr;
	struct soak_counts *counts;
	long requests;
	int threads, processes;
};

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static long rss_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file) {
		if (fscanf(file, "%*s %ld", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void keep_most(atomic_long *most, long value)
{
	long seen = atomic_load(most);

	while (value > seen && !atomic_compare_exchange_weak(most, &seen, value))
		;
}

/* After a quarter of the requests everything that a process needs has been touched. */
static long warm_rss(const struct soak *s)
{
	struct timespec nap = {.tv_nsec = 2000000};

	while (atomic_load(&s->counts->done) < s->requests / 4)
		nanosleep(&nap, NULL);
	return rss_kib();
}

/* One process: its threads, and what is left over after them. */
static int run_process(const struct soak *s, int process)
{
	static struct soak_worker workers[THREADS_MAX];
	static pthread_t threads[THREADS_MAX];
	int fds = open_fds();
	long rss;

	for (int i = 0; i < s->threads; i++) {
		workers[i] = (struct soak_worker){
		    .addr = s->addr,
		    .counts = s->counts,
		    .process = process,
		    .thread = i,
		    .requests = s->requests / s->processes / s->threads,
		    .nonblocking = i % 2,
		};
		if (pthread_create(&threads[i], NULL, soak_work, &workers[i]))
			return 2;
	}
	rss = warm_rss(s);
	for (int i = 0; i < s->threads; i++)
		pthread_join(threads[i], NULL);
	keep_most(&s->counts->rss_grown, rss_kib() - rss);
	atomic_fetch_add(&s->counts->fds_grown, open_fds() - fds);
	return 0;
}

static void tell(const struct soak *s, const char *before)
{
	const struct soak_counts *c = s->counts;

	printf("%srequests=%ld get_failed=%ld post_lost=%ld wrong=%ld", before,
	       atomic_load(&c->done), atomic_load(&c->get_failed), atomic_load(&c->post_lost),
	       atomic_load(&c->wrong));
}

/* Waits for the processes; tells each second how far they are. Returns how many failed. */
static int attend(const struct soak *s)
{
	struct timespec nap = {.tv_nsec = 20000000};
	int left = s->processes, failed = 0, naps = 0;

	while (left) {
		int status;

		while (left && waitpid(-1, &status, WNOHANG) > 0) {
			failed += status != 0;
			left--;
		}
		nanosleep(&nap, NULL);
		if (++naps % 50 == 0) {
			tell(s, "     ");
			printf(" of %ld\n", s->requests);
		}
	}
	return failed;
}

static int parse(struct soak *s, int argc, char **argv)
{
	if (argc != 5)
		return -1;
	s->addr.sin_family = AF_INET;
	s->addr.sin_port = htons((uint16_t)atoi(argv[1]));
	s->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->requests = atol(argv[2]);
	s->threads = atoi(argv[3]);
	s->processes = atoi(argv[4]);
	return s->requests > 0 && s->threads > 0 && s->threads <= THREADS_MAX && s->processes > 0 &&
		       s->processes <= PROCESSES_MAX
		   ? 0
		   : -1;
}

int main(int argc, char **argv)
{
	struct soak s = {0};
	int failed;

	if (parse(&s, argc, argv)) {
		fprintf(stderr, "usage: %s PORT REQUESTS THREADS PROCESSES\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Each thread sends as many. */
	while (s.requests % (s.threads * s.processes))
		s.requests++;
	s.counts =
	    mmap(NULL, sizeof *s.counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.counts == MAP_FAILED)
		return 2;
	for (int i = 0; i < s.processes; i++) {
		pid_t pid = fork();

		if (pid == 0)
			return run_process(&s, i);
		if (pid < 0)
			return 2;
	}
	failed = attend(&s);
	tell(&s, "");
	printf(" fds_grown=%ld rss_grown=%ld\n", atomic_load(&s.counts->fds_grown),
	       atomic_load(&s.counts->rss_grown));
	return failed ? 2 : 0;
}
