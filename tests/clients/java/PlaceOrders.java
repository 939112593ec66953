// SPDX-License-Identifier: MIT
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.http.impl.client.HttpClients;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.web.client.RestTemplate;

/** keyed|plain URL COUNT PAUSE_BEFORE, by Spring's RestTemplate over HttpClient 4. */
public final class PlaceOrders {
	private static void place(RestTemplate template, boolean keyed, String url, String i) throws Exception {
		HttpHeaders headers = new HttpHeaders();
		headers.setContentType(MediaType.APPLICATION_JSON);
		headers.set("X-Request-Id", i);
		if (keyed)
			headers.set("Idempotency-Key", "\"" + UUID.randomUUID() + "\"");
		String order = "{\"reference\":\"" + i + "\",\"item\":\"tea\",\"amount\":2}";
		ResponseEntity<String> response = template.postForEntity(url, new HttpEntity<>(order, headers), String.class);
		if (response.getStatusCode().value() != 201 || !response.getBody().contains("\"reference\":\"" + i + "\""))
			throw new Exception(response.toString());
		System.out.println("ok " + i + " 201");
	}

	public static void main(String[] args) throws Exception {
		HttpComponentsClientHttpRequestFactory factory = new HttpComponentsClientHttpRequestFactory(
			HttpClients.custom().disableAutomaticRetries().build());
		factory.setReadTimeout(20000);
		RestTemplate template = new RestTemplate(factory);
		List<String> pauses = Arrays.asList(args[3].split(","));

		for (int i = 1; i <= Integer.parseInt(args[2]); i++) {
			String number = Integer.toString(i);
			if (pauses.contains(number))
				Thread.sleep(100);
			try {
				place(template, args[0].equals("keyed"), args[1], number);
			} catch (Exception e) {
				System.out.println("error " + i + " " + e.toString().replace('\n', ' '));
			}
		}
	}
}
