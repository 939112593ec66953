// SPDX-License-Identifier: MIT
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

public final class NetHttp {
	static Job.Exchange exchange() {
		HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

		return (uri, method, id, body) -> {
			HttpRequest request = HttpRequest.newBuilder(uri)
				.method(method, body == null ? HttpRequest.BodyPublishers.noBody()
							     : HttpRequest.BodyPublishers.ofString(body))
				.header("X-Request-Id", id)
				.timeout(Duration.ofSeconds(20))
				.build();
			HttpResponse<String> response =
				client.send(request, HttpResponse.BodyHandlers.ofString());
			if (response.statusCode() / 100 != 2)
				throw new Exception("status " + response.statusCode());
			return response.body();
		};
	}

	public static void main(String[] args) throws Exception {
		Job.run(args, exchange());
	}
}
