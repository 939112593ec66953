/* SPDX-License-Identifier: MIT */
#include "who.h"

#include "../../policy/redact.h"
#include "../http1/http1.h"
#include "../process/config.h"
#include "../os/mem.h"

static void copy_text(char *to, size_t room, struct http1_text from)
{
	size_t len = from.len < room - 1 ? from.len : room - 1;
	memcpy(to, from.text, len);
	to[len] = '\0';
}

static void copy_host(char *to, size_t room, struct http1_text host)
{
	size_t skip = redact_host(host.text, host.len);
	copy_text(to, room, (struct http1_text){host.text + skip, host.len - skip});
}

/* Of a target that is not here whole it cannot be told what must not be logged. */
static void copy_path(char *to, size_t room, const char *head, size_t len)
{
	struct http1_text target = http1_head_target(head, len);
	to[0] = '\0';
	if (target.len && target.text + target.len < head + len)
		redact_path(config.policy, target.text, target.len, to, room);
}

static void copy_request_id(char *to, size_t room, const char *head, size_t len)
{
	to[0] = '\0';
	for (uint32_t i = 0; i < config.log.id_header_count && !to[0]; i++)
		copy_text(to, room, http1_head_value(head, len, config.log.id_headers[i]));
	if (!config.log.id_header_count && config.policy->uses & POLICY_USES_REQUEST_ID)
		copy_text(to, room, http1_head_value(head, len, REQUEST_ID_HEADER));
}

void who_identify(struct log_request *who, int fd, const char *head, size_t len, enum method method,
		  const struct sockaddr *peer)
{
	who->method = len ? method_name(method) : "";
	who->fd = fd;
	who->tls = "";
	who->status = 0;
	who->resumes = false;
	copy_host(who->host, sizeof(who->host), http1_head_value(head, len, "host"));
	copy_path(who->path, sizeof(who->path), head, len);
	copy_request_id(who->request_id, sizeof(who->request_id), head, len);
	copy_text(who->traceparent, sizeof(who->traceparent),
		  http1_head_value(head, len, "traceparent"));
	log_name_peer(who->peer, peer);
}

void who_identify_connect(struct log_request *who, int fd, const struct sockaddr *peer)
{
	who_identify(who, fd, "", 0, METHOD_OTHER, peer);
}
