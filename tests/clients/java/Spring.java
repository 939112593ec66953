// SPDX-License-Identifier: MIT
import org.apache.http.impl.client.HttpClients;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.web.client.RestTemplate;

/** Spring's RestTemplate over Apache HttpClient 4, which is told not to send anything again. */
public final class Spring {
	public static void main(String[] args) throws Exception {
		HttpComponentsClientHttpRequestFactory factory = new HttpComponentsClientHttpRequestFactory(
			HttpClients.custom().disableAutomaticRetries().build());
		factory.setReadTimeout(20000);
		RestTemplate template = new RestTemplate(factory);

		Job.run(args, (uri, method, id, body) -> {
			HttpHeaders headers = new HttpHeaders();
			headers.set("X-Request-Id", id);
			return template.exchange(uri, HttpMethod.valueOf(method),
						 new HttpEntity<String>(body, headers), String.class).getBody();
		});
	}
}
