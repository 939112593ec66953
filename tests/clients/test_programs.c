/* SPDX-License-Identifier: MIT */
#include "programs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "support/process.h"

#define PYTHON(file)                                                                               \
	{                                                                                          \
		"/usr/bin/python3", "@python/" file                                                \
	}
#define PROXY(kind, parallel)                                                                      \
	{                                                                                          \
		"sh", "@proxy/proxy.sh", kind, parallel                                            \
	}

/* @ stands for tests/clients/, % for build/. */
const struct program programs[N_PROGRAMS] = {
    [HTTP_CLIENT] = {.name = "Python http.client", PYTHON("http_client.py"), 0, true},
    [REQUESTS] = {.name = "Python requests", PYTHON("requests_session.py"), PROBES_IDLE, true},
    [AIOHTTP] = {.name = "Python aiohttp", PYTHON("aiohttp_session.py"), 0, true},
    [HTTPX] = {.name = "Python httpx", PYTHON("httpx_sync.py"), PROBES_IDLE, true},
    [HTTPX_ASYNC] = {.name = "Python httpx async", PYTHON("httpx_async.py"), PROBES_IDLE, true},
    [NODE_AGENT] = {.name = "Node http.Agent", {"node", "@node/http_agent.js"}, 0, true},
    [NODE_FETCH] =
	{.name = "Node fetch", {"node", "@node/fetch.js"}, PROBES_IDLE, true, .dials = 2},
    [PERL_LWP] = {.name = "Perl LWP", {"perl", "@perl/lwp.pl"}, PROBES_IDLE, true},
    [WGET] = {.name = "wget --tries=1", {"sh", "@wget/wget.sh"}, PROBES_IDLE, false},
    [PHP_STREAMS] = {.name = "PHP streams", {"php", "@php/streams.php"}, 0, true},
    /* Its GET cannot be kept from being resent, its POST can. */
    [JAVA_URL_CONNECTION] = {.name = "Java HttpURLConnection",
			     {JAVA, "-Dsun.net.http.retryPost=false", "UrlConnection"},
			     PROBES_IDLE | RESENDS_GET,
			     true},
    /* A limit of one try is what keeps it from resending a GET. */
    [JAVA_NET_HTTP] = {.name = "Java java.net.http",
		       {JAVA, "-Djdk.httpclient.redirects.retrylimit=1", "NetHttp"},
		       PROBES_IDLE,
		       true},
    [C_BLOCKING] = {.name = "C blocking", {"%tests/clients/blocking_client"}, 0, true},
    [C_POLL] = {.name = "C poll", {"%tests/clients/poll_client"}, 0, true},
    [C_EPOLL_ET] = {.name = "C epoll ET", {"%tests/clients/epollet_client"}, 0, true},
    [RUBY_NET_HTTP] = {.name = "Ruby Net::HTTP",
		       {"ruby", "@ruby/net_http.rb"},
		       HEEDS_IDLE_END,
		       true},
    [PERL_HTTP_TINY] = {.name = "Perl HTTP::Tiny",
			{"perl", "@perl/http_tiny.pl"},
			PROBES_IDLE | RESENDS_ON_END,
			true},
    [NODE_UNDICI] = {.name = "npm undici", {"node", "@node/undici.js"}, HEEDS_IDLE_END, true},
    [NODE_AXIOS] = {.name = "npm axios", {"node", "@node/axios.js"}, 0, true},
    [JAVA_SPRING] = {.name = "Spring, HttpClient 4", {JAVA, "Spring"}, 0, true},
    /* The pipes to the processes come and go: their descriptors tell nothing. */
    [PYTHON_SPAWNING] = {.name = "Python and processes", PYTHON("while_spawning.py"), 0, false},
    [JAVA_SPAWNING] = {.name = "Java and processes",
		       {JAVA, "-Djdk.httpclient.redirects.retrylimit=1", "NetHttpSpawning"},
		       PROBES_IDLE,
		       false},
    [CURL_MULTI] = {.name = "libcurl multi, 200",
		    {"%tests/clients/curl_multi"},
		    HEEDS_IDLE_END,
		    true,
		    .parallel = true},
    [C_SELECT] = {.name = "C select", {"%tests/clients/select_client"}, 0, true},
    [C_STDIO] = {.name = "C stdio r+", {"%tests/clients/stdio_client"}, 0, true},
    [C_STDIO_PAIR] = {.name = "C stdio r, dup w", {"%tests/clients/stdio_pair_client"}, 0, true},
    [C_DUP] = {.name = "C dup", {"%tests/clients/dup_client"}, 0, true},
    [C_THREADS] = {.name = "C two threads", {"%tests/clients/threads_client"}, PROBES_IDLE, true},
    [NGINX_1] = {.name = "nginx, 1 worker", PROXY("nginx", "1"), PROBES_IDLE, true},
    [NGINX_2] = {.name = "nginx, 2 workers", PROXY("nginx", "2"), PROBES_IDLE, false, .dials = 2},
    [HAPROXY] =
	{.name = "haproxy, 2 threads", PROXY("haproxy", "2"), PROBES_IDLE, true, .dials = 2},
};

/* An idle connection dies at 10 ms of a pause of 120: also a slow machine has seen it by then. */
const struct fault faults[N_FAULTS] = {
    [GET_RESET] = {"GET reset", "reset@2", "GET", 4, 0, false},
    [GET_CLOSE] = {"GET close", "close@2", "GET", 4, 0, false},
    [GET_UNREAD] = {"GET unread", "reset-unread@2", "GET", 4, 0, false},
    [GET_IDLE_CLOSE] = {"GET idle FIN", "idle-close=10@1", "GET", 3, 120, true},
    [GET_IDLE_RESET] = {"GET idle RST", "idle-reset=10@1", "GET", 3, 120, true},
    [POST_RESET] = {"POST reset", "reset@2", "POST", 4, 0, false},
    [POST_CLOSE] = {"POST close", "close@2", "POST", 4, 0, false},
    [POST_UNREAD] = {"POST unread", "reset-unread@2", "POST", 4, 0, false},
    [POST_IDLE_CLOSE] = {"POST idle FIN", "idle-close=10@1", "POST", 3, 120, true},
    [POST_IDLE_RESET] = {"POST idle RST", "idle-reset=10@1", "POST", 3, 120, true},
};

bool program_survives_bare(enum program_id program, enum fault_id fault)
{
	unsigned self = programs[program].self;

	if (faults[fault].idle)
		return self & PROBES_IDLE || program_heeds_end(program, fault);
	return !strcmp(faults[fault].method, "GET") &&
	       (self & RESENDS_GET || program_heeds_end(program, fault));
}

bool program_heeds_end(enum program_id program, enum fault_id fault)
{
	unsigned self = programs[program].self;

	if (faults[fault].idle)
		return self & HEEDS_IDLE_END && !strncmp(faults[fault].spec, "idle-close", 10);
	return self & RESENDS_ON_END && !strncmp(faults[fault].spec, "close", 5);
}

static const char *source_path(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "../tests/clients/%s", name);
	return build_path(path);
}

static bool is_newer(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(b, &sb) || stat(a, &sa) || sa.st_mtim.tv_sec >= sb.st_mtim.tv_sec;
}

int programs_prepare(void)
{
	static const char *const sources[] = {"java/Job.java",	   "java/UrlConnection.java",
					      "java/NetHttp.java", "java/NetHttpSpawning.java",
					      "java/Spring.java",  "java/PlaceOrders.java"};
	enum { N_SOURCES = sizeof sources / sizeof *sources };
	const char *argv[6 + N_SOURCES] = {"javac", "-cp", JARS, "-d", build_path("tests/clients")};
	struct process_result result;
	bool stale = false;

	for (int i = 0; i < N_SOURCES; i++) {
		argv[5 + i] = source_path(sources[i]);
		stale |= is_newer(argv[5 + i], build_path("tests/clients/Spring.class"));
	}
	if (!stale)
		return 0;
	result = process_run(argv, NULL, 60000);
	if (result.status)
		fprintf(stderr, "javac: %s%s", result.out, result.err);
	process_free(&result);
	return result.status ? -1 : 0;
}

const char *program_path(const char *arg)
{
	return *arg == '@' ? source_path(arg + 1) : *arg == '%' ? build_path(arg + 1) : arg;
}
