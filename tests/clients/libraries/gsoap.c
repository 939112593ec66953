/* SPDX-License-Identifier: MIT */
/* gSOAP's HTTP below its SOAP, kept alive. */
#include "noneH.h"
#include "ns.nsmap"

#include "job.h"

static int ask(struct soap *soap, int i)
{
	if (!is_post())
		return soap_GET(soap, job_url(i), NULL);
	return soap_POST(soap, job_url(i), NULL, "text/plain") || soap_send(soap, job_body(i)) ||
	       soap_end_send(soap);
}

int main(int argc, char **argv)
{
	struct soap *soap = soap_new1(SOAP_IO_KEEPALIVE);

	job_begin(argc, argv);
	for (int i = 1; i <= job.count; i++) {
		char header[64];
		const char *text;

		snprintf(header, sizeof header, "X-Request-Id: %d", i);
		soap->http_extra_header = header;
		if (ask(soap, i) || soap_begin_recv(soap)) {
			job_error(i, soap_fault_string(soap) ? soap_fault_string(soap) : "failed");
			soap_force_closesock(soap);
		} else {
			text = soap_http_get_body(soap, NULL);
			soap_end_recv(soap);
			job_answered(i, 200, text ? text : "");
		}
		soap_destroy(soap);
		soap_end(soap);
		job_between(i);
	}
	return job_end();
}
