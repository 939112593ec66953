// SPDX-License-Identifier: MIT
import java.net.URI;
import java.util.Map;
import java.util.function.Supplier;

import feign.Client;
import feign.Feign;
import feign.Headers;
import feign.Param;
import feign.RequestLine;
import feign.Retryer;

/** OpenFeign over the two clients that it is mostly used with; it retries over one of them. */
final class FeignClients {
	interface Service {
		@RequestLine("GET")
		@Headers("X-Request-Id: {id}")
		String get(URI uri, @Param("id") String id);

		@RequestLine("POST")
		@Headers("X-Request-Id: {id}")
		String post(URI uri, @Param("id") String id, String body);
	}

	private static Zoo.Exchange feign(Client client, Retryer retryer) {
		Service service = Feign.builder().client(client).retryer(retryer)
			.encoder((object, type, template) -> template.body(object.toString()))
			.target(Service.class, "http://127.0.0.1");

		return (uri, method, id, body) ->
			body == null ? service.get(uri, id) : service.post(uri, id, body);
	}

	static void add(Map<String, Supplier<Zoo.Exchange>> clients) {
		clients.put("feign-hc5", () -> feign(new feign.hc5.ApacheHttp5Client(), Retryer.NEVER_RETRY));
		clients.put("feign-okhttp",
			    () -> feign(new feign.okhttp.OkHttpClient(), Retryer.NEVER_RETRY));
		clients.put("feign-retryer",
			    () -> feign(new feign.okhttp.OkHttpClient(), new Retryer.Default(50, 100, 3)));
	}
}
