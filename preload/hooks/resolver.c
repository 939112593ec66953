/* SPDX-License-Identifier: MIT */
/*
 * Look-ups of names. One that fails for the moment is asked again, if the policy says so (cause
 * dns). These calls block anyway, and none of them may be made from a signal handler.
 */
#include <errno.h>
#include <netdb.h>

#include "../../policy/match.h"
#include "../process/config.h"
#include "../os/mem.h"
#include "../connect/persist.h"
#include "../os/real.h"
#include "../process/resolved.h"
#include "../os/sys.h"
#include "../conn/switch.h"

/* The program's h_errno, at its place in this thread; NULL on a libc that has none. */
static int *h_errno_place(void)
{
	typedef int *find_place(void);
	static find_place *find;
	find_place *found = __atomic_load_n(&find, __ATOMIC_RELAXED);
	if (!found) {
		found = (find_place *)real_find("__h_errno_location");
		__atomic_store_n(&find, found, __ATOMIC_RELAXED);
	}
	return found ? found() : NULL;
}

static void begin(struct persist *persist, const char *name)
{
	size_t len = text_len(name, sizeof(persist->who.host) - 1);
	struct match_request request = {
	    .host = name, .host_len = text_len(name, 1024), .path = "", .path_len = 0, .port = 0};
	struct policy_retry settings;
	match_settings(config.policy, &request, &settings);
	persist_begin(persist, &settings);
	memcpy(persist->who.host, name, len);
}

/* Is there anything to do for look-ups? What follows stays out of the hooks' way. */
static bool asks_again(const char *name)
{
	conn_switch();
	return config.active && config.policy->uses & POLICY_USES_DNS && name;
}

static bool remembers(void)
{
	return config.active;
}

static TRACKED int getaddrinfo_again(int answer, const char *node, const char *service,
				     const struct addrinfo *hints, struct addrinfo **result)
{
	PERSIST persist;
	begin(&persist, node);
	while (answer == EAI_AGAIN && persist_again(&persist, CAUSE_DNS))
		answer = real.getaddrinfo(node, service, hints, result);
	if (answer != EAI_AGAIN)
		persist_recovered(&persist);
	return answer;
}

HOOK int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result)
{
	int answer = real.getaddrinfo(node, service, hints, result);
	if (answer == EAI_AGAIN && asks_again(node))
		answer = getaddrinfo_again(answer, node, service, hints, result);
	if (answer == 0 && remembers())
		resolved_note(node ? node : "", *result);
	return answer;
}

/*
 * A list of look-ups that the program waits for (GAI_WAIT): those that failed are asked again one
 * after the other. How the others of the family end is told by a thread or a signal of libc's,
 * past us. `__return` is what gai_error tells.
 */
static TRACKED int gai_list_again(struct gaicb *list[], int count)
{
	for (int i = 0; i < count; i++) {
		if (!list[i] || list[i]->__return != EAI_AGAIN || !asks_again(list[i]->ar_name))
			continue;
		PERSIST persist;
		begin(&persist, list[i]->ar_name);
		while (list[i]->__return == EAI_AGAIN && persist_again(&persist, CAUSE_DNS)) {
			int error = real.getaddrinfo_a(GAI_WAIT, &list[i], 1, NULL);
			if (error)
				return error;
		}
		if (list[i]->__return != EAI_AGAIN)
			persist_recovered(&persist);
	}
	return 0;
}

HOOK int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
	int result = real.getaddrinfo_a(mode, list, count, event);
	if (result != 0 || mode != GAI_WAIT || !remembers())
		return result;
	if (config.policy->uses & POLICY_USES_DNS)
		result = gai_list_again(list, count);
	for (int i = 0; i < count; i++) {
		if (list[i] && list[i]->__return == 0 && list[i]->ar_name)
			resolved_note(list[i]->ar_name, list[i]->ar_result);
	}
	return result;
}

/* A call of gethostbyname's kind, whichever of the four. */
struct host_query {
	void (*ask)(struct host_query *query); /* makes it */
	const char *name;
	int family;
	struct hostent *entry;
	char *buffer;
	size_t len;
	struct hostent **answer; /* NULL there: none */
	int *error;		 /* the caller's; NULL: it is in h_errno */
	int result;		 /* of the calls that return one */
};

/* ERANGE asks for a larger buffer, whatever the error is. */
static bool is_passing(const struct host_query *query)
{
	if (*query->answer || query->result == ERANGE)
		return false;
	const int *error = query->error ? query->error : h_errno_place();
	return error && *error == TRY_AGAIN;
}

static TRACKED void query_again(struct host_query *query)
{
	if (!is_passing(query))
		return;
	PERSIST persist;
	begin(&persist, query->name);
	while (is_passing(query) && persist_again(&persist, CAUSE_DNS))
		query->ask(query);
	if (!is_passing(query))
		persist_recovered(&persist);
}

static void query_host(struct host_query *query)
{
	query->ask(query);
	if (!*query->answer && asks_again(query->name))
		query_again(query);
	if (*query->answer && remembers())
		resolved_note_host(query->name, *query->answer);
}

static void ask_by_name(struct host_query *query)
{
	*query->answer = real.gethostbyname(query->name);
}

HOOK struct hostent *gethostbyname(const char *name)
{
	struct hostent *answer;
	query_host(&(struct host_query){.ask = ask_by_name, .name = name, .answer = &answer});
	return answer;
}

static void ask_by_name2(struct host_query *query)
{
	*query->answer = real.gethostbyname2(query->name, query->family);
}

HOOK struct hostent *gethostbyname2(const char *name, int family)
{
	struct hostent *answer;
	query_host(&(struct host_query){
	    .ask = ask_by_name2, .name = name, .family = family, .answer = &answer});
	return answer;
}

static void ask_by_name_r(struct host_query *query)
{
	query->result = real.gethostbyname_r(query->name, query->entry, query->buffer, query->len,
					     query->answer, query->error);
}

HOOK int gethostbyname_r(const char *restrict name, struct hostent *restrict entry,
			 char *restrict buffer, size_t len, struct hostent **restrict answer,
			 int *restrict error)
{
	struct host_query query = {.ask = ask_by_name_r,
				   .name = name,
				   .entry = entry,
				   .buffer = buffer,
				   .len = len,
				   .answer = answer,
				   .error = error};
	query_host(&query);
	return query.result;
}

static void ask_by_name2_r(struct host_query *query)
{
	query->result =
	    real.gethostbyname2_r(query->name, query->family, query->entry, query->buffer,
				  query->len, query->answer, query->error);
}

HOOK int gethostbyname2_r(const char *restrict name, int family, struct hostent *restrict entry,
			  char *restrict buffer, size_t len, struct hostent **restrict answer,
			  int *restrict error)
{
	struct host_query query = {.ask = ask_by_name2_r,
				   .name = name,
				   .family = family,
				   .entry = entry,
				   .buffer = buffer,
				   .len = len,
				   .answer = answer,
				   .error = error};
	query_host(&query);
	return query.result;
}
