/* SPDX-License-Identifier: MIT */
/* What is remembered of look-ups, under a clock of the test's. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "../../preload/os/address.h"
#include "../../preload/os/clock.h"
#include "../../preload/process/resolved.h"
#include "unit.h"

uint64_t clock_ms = 1000;

uint64_t os_now_ms(void)
{
	return clock_ms;
}

static union os_address address(const char *text, int port)
{
	union os_address made = {0};
	if (inet_pton(AF_INET, text, &made.in.sin_addr) == 1) {
		made.any.sa_family = AF_INET;
		made.in.sin_port = htons((uint16_t)port);
	} else {
		CU_ASSERT(inet_pton(AF_INET6, text, &made.in6.sin6_addr) == 1);
		made.any.sa_family = AF_INET6;
		made.in6.sin6_port = htons((uint16_t)port);
	}
	return made;
}

static void look_up(const char *name, const char *const *texts)
{
	union os_address made[20];
	struct addrinfo answers[20] = {0};
	int count = 0;
	for (; texts[count]; count++) {
		made[count] = address(texts[count], 0);
		answers[count].ai_addr = &made[count].any;
		if (count)
			answers[count - 1].ai_next = &answers[count];
	}
	resolved_note(name, answers);
}

#define LOOK_UP(...)		LOOK_UP_NAME(__func__, __VA_ARGS__)
#define LOOK_UP_NAME(name, ...) look_up(name, (const char *const[]){__VA_ARGS__, NULL})

static uint64_t age(const char *text, const char *host)
{
	union os_address made = address(text, 80);
	return resolved_age_ms(&made.any, host, clock_ms);
}

/* The others of the answer, with blanks between them. */
static const char *others(const char *text, const char *host)
{
	static char told[RESOLVED_ADDRESSES_MAX * INET6_ADDRSTRLEN];
	struct resolved_address found[RESOLVED_ADDRESSES_MAX];
	union os_address made = address(text, 80);
	uint32_t count = resolved_others(&made.any, host, found);
	told[0] = '\0';
	for (uint32_t i = 0; i < count; i++) {
		char one[INET6_ADDRSTRLEN] = "";
		inet_ntop(AF_INET6, found[i].bytes, one, sizeof(one));
		strcat(told, i ? " " : "");
		strcat(told, strncmp(one, "::ffff:", 7) == 0 ? one + 7 : one);
	}
	return told;
}

static bool has_alternative(const char *text)
{
	union os_address made = address(text, 80);
	return resolved_has_alternative(&made.any);
}

static void fail(const char *text, int port)
{
	union os_address made = address(text, port);
	resolved_failed(&made.any);
}

static void work(const char *text)
{
	union os_address made = address(text, 80);
	resolved_worked(&made.any);
}

static void an_address_that_no_look_up_gave_has_no_alternative(void)
{
	CU_ASSERT(!has_alternative("10.1.0.1"));
	LOOK_UP("10.1.0.2", "10.1.0.3");
	CU_ASSERT(!has_alternative("10.1.0.1"));
	CU_ASSERT(!has_alternative("::1"));
}

static void a_single_address_has_no_alternative(void)
{
	LOOK_UP("10.2.0.1");
	LOOK_UP("10.2.0.2", "10.2.0.2", "10.2.0.2"); /* for each type of socket one */
	CU_ASSERT(!has_alternative("10.2.0.1"));
	CU_ASSERT(!has_alternative("10.2.0.2"));
}

static void the_last_address_that_has_not_failed_has_no_alternative(void)
{
	LOOK_UP("fd00::3", "10.3.0.1", "10.3.0.2");
	CU_ASSERT(has_alternative("fd00::3"));
	fail("fd00::3", 80);
	CU_ASSERT(has_alternative("10.3.0.1"));
	fail("10.3.0.1", 80);
	CU_ASSERT(!has_alternative("10.3.0.2"));
	/* The others could still be gone back to. */
	CU_ASSERT(has_alternative("fd00::3"));
}

static void an_address_that_works_again_is_an_alternative(void)
{
	LOOK_UP("fd00::4", "10.4.0.1");
	fail("fd00::4", 80);
	CU_ASSERT(!has_alternative("10.4.0.1"));
	work("fd00::4");
	CU_ASSERT(has_alternative("10.4.0.1"));
}

static void a_failure_counts_for_its_port_and_for_a_while(void)
{
	LOOK_UP("fd00::5", "10.5.0.1");
	fail("fd00::5", 8080);
	CU_ASSERT(has_alternative("10.5.0.1"));
	fail("fd00::5", 80);
	CU_ASSERT(!has_alternative("10.5.0.1"));
	clock_ms += 9999;
	CU_ASSERT(!has_alternative("10.5.0.1"));
	clock_ms += 1;
	CU_ASSERT(has_alternative("10.5.0.1"));
}

static void looking_up_again_voids_failures(void)
{
	LOOK_UP("fd00::6", "10.6.0.1");
	fail("fd00::6", 80);
	LOOK_UP("10.6.0.1", "fd00::6");
	CU_ASSERT(has_alternative("10.6.0.1"));
}

static void a_mapped_address_is_the_same(void)
{
	LOOK_UP("fd00::7", "10.7.0.1");
	CU_ASSERT(has_alternative("::ffff:10.7.0.1"));
	fail("::ffff:10.7.0.1", 80);
	CU_ASSERT(!has_alternative("fd00::7"));
}

static void the_answers_of_gethostbyname_count_too(void)
{
	char one[4] = {10, 8, 0, 1}, two[4] = {10, 8, 0, 2};
	char *list[] = {one, two, NULL};
	struct hostent host = {.h_addrtype = AF_INET, .h_length = 4, .h_addr_list = list};
	resolved_note_host("svc8", &host);
	CU_ASSERT(has_alternative("10.8.0.1"));
	fail("10.8.0.1", 80);
	CU_ASSERT(!has_alternative("10.8.0.2"));
}

static void the_oldest_answers_are_forgotten(void)
{
	char text[2][16];
	LOOK_UP("10.9.255.1", "10.9.255.2");
	for (int i = 0; i < 64; i++) {
		CU_ASSERT(has_alternative("10.9.255.1"));
		clock_ms++;
		snprintf(text[0], sizeof(text[0]), "10.9.%d.1", i);
		snprintf(text[1], sizeof(text[1]), "10.9.%d.2", i);
		LOOK_UP(text[0], text[1]);
	}
	CU_ASSERT(!has_alternative("10.9.255.1"));
	CU_ASSERT(has_alternative("10.9.0.1"));
}

static void of_a_long_answer_the_first_addresses_count(void)
{
	LOOK_UP("10.10.0.1", "10.10.0.2", "10.10.0.3", "10.10.0.4", "10.10.0.5", "10.10.0.6",
		"10.10.0.7", "10.10.0.8", "10.10.0.9", "10.10.0.10");
	CU_ASSERT(has_alternative("10.10.0.8"));
	CU_ASSERT(!has_alternative("10.10.0.9"));
}

static void other_families_have_no_alternative(void)
{
	const struct sockaddr local = {.sa_family = AF_UNIX};
	LOOK_UP("fd00::11", "10.11.0.1");
	CU_ASSERT(!resolved_has_alternative(&local));
	resolved_failed(&local);
	resolved_worked(&local);
}

static void an_address_is_as_old_as_the_last_look_up_that_gave_it(void)
{
	runner_expect_long("never", 0, age("10.12.0.1", "svc12"));
	LOOK_UP_NAME("svc12", "10.12.0.1");
	runner_expect_long("at once", 1, age("10.12.0.1", "svc12"));
	clock_ms += 100;
	runner_expect_long("later", 100, age("10.12.0.1", "svc12:8080"));
	runner_expect_long("another port", 100, age("::ffff:10.12.0.1", "SVC12."));
	LOOK_UP_NAME("svc12", "10.12.0.2");
	clock_ms += 50;
	runner_expect_long("moved from", 150, age("10.12.0.1", "svc12"));
	runner_expect_long("moved to", 50, age("10.12.0.2", "svc12"));
	LOOK_UP_NAME("svc12", "10.12.0.1");
	clock_ms += 7;
	runner_expect_long("back", 7, age("10.12.0.1", "svc12"));
}

/* The address of a pod that has gone is another one's soon. */
static void an_address_that_was_handed_on_has_the_age_of_its_first_name(void)
{
	LOOK_UP_NAME("old13", "10.13.0.1");
	clock_ms += 1000;
	LOOK_UP_NAME("new13", "10.13.0.1");
	clock_ms += 10;
	runner_expect_long("the old one", 1010, age("10.13.0.1", "old13"));
	runner_expect_long("the new one", 10, age("10.13.0.1", "new13"));
	runner_expect_long("neither", 1010, age("10.13.0.1", "virtual.example"));
}

static void an_address_that_is_written_out_has_no_age(void)
{
	LOOK_UP_NAME("10.14.0.1", "10.14.0.1");
	LOOK_UP_NAME("fd00::14", "fd00::14");
	clock_ms += 1000;
	runner_expect_long("IPv4", 0, age("10.14.0.1", "10.14.0.1"));
	runner_expect_long("IPv6", 0, age("fd00::14", "[fd00::14]"));
	LOOK_UP_NAME("14.example", "10.14.0.2");
	clock_ms += 10;
	runner_expect_long("a name of digits", 10, age("10.14.0.2", "14.example"));
}

static void the_others_of_an_answer_are_in_its_order(void)
{
	LOOK_UP_NAME("svc15", "10.15.0.3", "10.15.0.1", "fd00::15", "10.15.0.2");
	runner_expect_text("of the second", "10.15.0.3 fd00::15 10.15.0.2",
			   others("10.15.0.1", "svc15"));
	runner_expect_text("behind a proxy", "10.15.0.3 10.15.0.1 fd00::15",
			   others("10.15.0.2", "elsewhere.example"));
	runner_expect_text("not of it", "", others("10.15.0.9", "svc15"));
	clock_ms++;
	LOOK_UP_NAME("svc15", "10.15.0.2", "10.15.0.3");
	runner_expect_text("the latest", "10.15.0.2", others("10.15.0.3", "svc15"));
	runner_expect_text("an older one", "10.15.0.3 fd00::15 10.15.0.2",
			   others("10.15.0.1", "svc15"));
}

static void the_others_are_never_those_of_another_name(void)
{
	LOOK_UP_NAME("a16", "10.16.0.1", "10.16.0.2");
	LOOK_UP_NAME("b16", "10.16.0.1", "10.16.0.3");
	runner_expect_text("the one", "10.16.0.2", others("10.16.0.1", "a16"));
	runner_expect_text("the other", "10.16.0.3", others("10.16.0.1", "b16:81"));
	runner_expect_text("neither", "", others("10.16.0.1", "c16"));
}

/* Who asks for one of the pods by its address wants no other one's answer. */
static void a_host_that_is_an_address_has_no_others(void)
{
	LOOK_UP_NAME("svc18", "10.18.0.1", "10.18.0.2", "fd00::18");
	runner_expect_text("by name", "10.18.0.2 fd00::18", others("10.18.0.1", "svc18"));
	runner_expect_text("IPv4", "", others("10.18.0.1", "10.18.0.1"));
	runner_expect_text("with a port", "", others("10.18.0.1", "10.18.0.1:8080"));
	runner_expect_text("IPv6", "", others("fd00::18", "[fd00::18]:8080"));
	runner_expect_text("not known yet", "", others("10.18.0.1", ""));
	runner_expect_text("a name of digits", "10.18.0.2 fd00::18",
			   others("10.18.0.1", "18.example:80"));
	runner_expect_long("its age", 1, age("10.18.0.1", "10.18.0.1"));
}

static void what_was_forgotten_is_as_old_as_can_be(void)
{
	char text[16], name[32];
	LOOK_UP_NAME("svc17", "10.17.255.1", "10.17.255.2");
	for (int i = 0; i < 64; i++) {
		clock_ms++;
		snprintf(text, sizeof(text), "10.17.0.%d", i);
		snprintf(name, sizeof(name), "svc%s", text);
		LOOK_UP_NAME(name, text);
	}
	CU_ASSERT(age("10.17.255.1", "svc17") == UINT64_MAX);
	runner_expect_text("others", "", others("10.17.255.1", "svc17"));
	/* It may be from the one that was forgotten. */
	CU_ASSERT(age("10.17.0.9", "svc17") == UINT64_MAX);
}

#define TEST(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

void suite_resolved(void);

void suite_resolved(void)
{
	static const struct runner_test tests[] = {
	    TEST(an_address_that_no_look_up_gave_has_no_alternative),
	    TEST(a_single_address_has_no_alternative),
	    TEST(the_last_address_that_has_not_failed_has_no_alternative),
	    TEST(an_address_that_works_again_is_an_alternative),
	    TEST(a_failure_counts_for_its_port_and_for_a_while),
	    TEST(looking_up_again_voids_failures),
	    TEST(a_mapped_address_is_the_same),
	    TEST(the_answers_of_gethostbyname_count_too),
	    TEST(an_address_is_as_old_as_the_last_look_up_that_gave_it),
	    TEST(an_address_that_was_handed_on_has_the_age_of_its_first_name),
	    TEST(an_address_that_is_written_out_has_no_age),
	    TEST(the_others_of_an_answer_are_in_its_order),
	    TEST(the_others_are_never_those_of_another_name),
	    TEST(a_host_that_is_an_address_has_no_others),
	    /* From here on something has been forgotten. */
	    TEST(the_oldest_answers_are_forgotten),
	    TEST(of_a_long_answer_the_first_addresses_count),
	    TEST(other_families_have_no_alternative),
	    TEST(what_was_forgotten_is_as_old_as_can_be),
	    {NULL, NULL},
	};
	runner_suite("resolved", tests);
}
