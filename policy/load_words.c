/* SPDX-License-Identifier: MIT */
#include "load_words.h"

#include <stddef.h>
#include <sys/syslog.h>

#include "policy.h"

const struct load_word load_on_words[] = {{"stale", POLICY_ON_STALE},
					  {"reset", POLICY_ON_RESET},
					  {"eof", POLICY_ON_EOF},
					  {"first-use", POLICY_ON_FIRST_USE},
					  {"connect", POLICY_ON_CONNECT},
					  {"connect-timeout", POLICY_ON_CONNECT_TIMEOUT},
					  {"response-timeout", POLICY_ON_RESPONSE_TIMEOUT},
					  {"dns", POLICY_ON_DNS},
					  {"tls-handshake", POLICY_ON_TLS_HANDSHAKE},
					  {NULL, 0}};

const struct load_word load_tls_words[] = {
    {"openssl", POLICY_TLS_OPENSSL}, {"gnutls", POLICY_TLS_GNUTLS}, {NULL, 0}};

const struct load_word load_jitter_words[] = {
    {"full", JITTER_FULL}, {"equal", JITTER_EQUAL}, {"none", JITTER_NONE}, {NULL, 0}};

const struct load_word load_unit_words[] = {
    {"s", UNIT_S}, {"ms", UNIT_MS}, {"date", UNIT_DATE}, {"auto", UNIT_AUTO}, {NULL, 0}};

const struct load_word load_format_words[] = {
    {"rfc3164", FORMAT_RFC3164}, {"rfc5424", FORMAT_RFC5424}, {NULL, 0}};

/* Not kern: it is the kernel's own. */
const struct load_word load_facility_words[] = {{"user", LOG_USER},	{"mail", LOG_MAIL},
						{"daemon", LOG_DAEMON}, {"auth", LOG_AUTH},
						{"syslog", LOG_SYSLOG}, {"lpr", LOG_LPR},
						{"news", LOG_NEWS},	{"uucp", LOG_UUCP},
						{"cron", LOG_CRON},	{"authpriv", LOG_AUTHPRIV},
						{"ftp", LOG_FTP},	{"local0", LOG_LOCAL0},
						{"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
						{"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
						{"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},
						{"local7", LOG_LOCAL7}, {NULL, 0}};
