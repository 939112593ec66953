// SPDX-License-Identifier: MIT
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import org.asynchttpclient.Dsl;
import org.asynchttpclient.RequestBuilder;
import org.eclipse.jetty.client.ContentResponse;
import org.eclipse.jetty.client.StringRequestContent;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Clients that are used as they are. */
final class PlainClients {
	private static Zoo.Exchange okhttp(boolean retries) {
		OkHttpClient client =
			new OkHttpClient.Builder().retryOnConnectionFailure(retries).build();

		return (uri, method, id, body) -> {
			Request request = new Request.Builder().url(uri.toString())
				.method(method, body == null ? null : RequestBody.create(body.getBytes()))
				.header("X-Request-Id", id).build();
			try (Response response = client.newCall(request).execute()) {
				return response.body().string();
			}
		};
	}

	private static Zoo.Exchange jetty() {
		org.eclipse.jetty.client.HttpClient client = new org.eclipse.jetty.client.HttpClient();

		try {
			client.start();
		} catch (Exception e) {
			throw new IllegalStateException(e);
		}
		return (uri, method, id, body) -> {
			ContentResponse response = client.newRequest(uri).method(method)
				.headers(h -> h.put("X-Request-Id", id))
				.body(body == null ? null : new StringRequestContent(body))
				.timeout(20, TimeUnit.SECONDS).send();
			return response.getContentAsString();
		};
	}

	private static Zoo.Exchange asyncHttpClient() {
		org.asynchttpclient.AsyncHttpClient client = Dsl.asyncHttpClient();

		return (uri, method, id, body) -> {
			RequestBuilder request = new RequestBuilder(method).setUrl(uri.toString())
				.setHeader("X-Request-Id", id);
			if (body != null)
				request.setBody(body);
			return client.executeRequest(request).get(20, TimeUnit.SECONDS).getResponseBody();
		};
	}

	private static Zoo.Exchange vertx() {
		io.vertx.core.http.HttpClientAgent client = Vertx.vertx().createHttpClient();

		return (uri, method, id, body) -> {
			RequestOptions options = new RequestOptions().setMethod(HttpMethod.valueOf(method))
				.setHost(uri.getHost()).setPort(uri.getPort()).setURI(uri.getPath())
				.addHeader("X-Request-Id", id);
			return client.request(options)
				.compose(r -> body == null ? r.send() : r.send(Buffer.buffer(body)))
				.compose(r -> r.body()).map(Buffer::toString)
				.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
		};
	}

	private static Zoo.Exchange jdk() {
		java.net.http.HttpClient client = java.net.http.HttpClient.newBuilder()
			.version(java.net.http.HttpClient.Version.HTTP_1_1).build();

		return (uri, method, id, body) -> client.send(
			java.net.http.HttpRequest.newBuilder(uri).header("X-Request-Id", id)
				.method(method, body == null
					? java.net.http.HttpRequest.BodyPublishers.noBody()
					: java.net.http.HttpRequest.BodyPublishers.ofString(body))
				.timeout(Duration.ofSeconds(20)).build(),
			java.net.http.HttpResponse.BodyHandlers.ofString()).body();
	}

	static void add(Map<String, Supplier<Zoo.Exchange>> clients) {
		clients.put("okhttp", () -> okhttp(true));
		clients.put("okhttp-once", () -> okhttp(false));
		clients.put("jetty", PlainClients::jetty);
		clients.put("async-http-client", PlainClients::asyncHttpClient);
		clients.put("vertx", PlainClients::vertx);
		clients.put("jdk", PlainClients::jdk);
	}
}
