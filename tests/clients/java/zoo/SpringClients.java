// SPDX-License-Identifier: MIT
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.restclient.RestTemplateBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.HttpComponentsClientHttpRequestFactory;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.retry.support.RetryTemplate;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.reactive.function.client.WebClient;

import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/** What a Spring Boot application calls other services with, from the builders that Boot gives it. */
final class SpringClients {
	@EnableAutoConfiguration
	static class Application {}

	private static ConfigurableApplicationContext context;

	private static <T> T bean(Class<T> type) {
		if (context == null) {
			SpringApplication application = new SpringApplication(Application.class);
			application.setWebApplicationType(WebApplicationType.NONE);
			application.setLogStartupInfo(false);
			application.setBannerMode(org.springframework.boot.Banner.Mode.OFF);
			context = application.run();
		}
		return context.getBean(type);
	}

	private static HttpClient netty(String name, boolean nativeTransport) {
		return HttpClient.create(ConnectionProvider.create(name, 1))
			.runOn(LoopResources.create(name, 1, true), nativeTransport);
	}

	private static Zoo.Exchange web(HttpClient netty) {
		WebClient client = bean(WebClient.Builder.class)
			.clientConnector(new ReactorClientHttpConnector(netty)).build();

		return (uri, method, id, body) -> {
			WebClient.RequestBodySpec request =
				client.method(HttpMethod.valueOf(method)).uri(uri).header("X-Request-Id", id);
			return (body == null ? request : request.bodyValue(body))
				.retrieve().bodyToMono(String.class).block(Duration.ofSeconds(20));
		};
	}

	private static Zoo.Exchange rest(ClientHttpRequestFactory factory) {
		RestClient client = bean(RestClient.Builder.class).requestFactory(factory).build();

		return (uri, method, id, body) -> {
			RestClient.RequestBodySpec request =
				client.method(HttpMethod.valueOf(method)).uri(uri).header("X-Request-Id", id);
			return (body == null ? request : request.body(body)).retrieve().body(String.class);
		};
	}

	private static Zoo.Exchange template(ClientHttpRequestFactory factory) {
		RestTemplate template = bean(RestTemplateBuilder.class).requestFactory(() -> factory).build();

		return (uri, method, id, body) -> {
			HttpHeaders headers = new HttpHeaders();
			headers.set("X-Request-Id", id);
			return template.exchange(uri, HttpMethod.valueOf(method), new HttpEntity<>(body, headers),
						 String.class).getBody();
		};
	}

	private static ClientHttpRequestFactory components(boolean retries) {
		HttpClientBuilder builder = HttpClientBuilder.create();

		return new HttpComponentsClientHttpRequestFactory(
			(retries ? builder : builder.disableAutomaticRetries()).build());
	}

	private static Zoo.Exchange retried(Zoo.Exchange inner) {
		Retry retry = Retry.of("zoo", RetryConfig.custom().maxAttempts(3)
			.waitDuration(Duration.ofMillis(50)).build());

		return (uri, method, id, body) -> {
			Callable<String> call = () -> inner.send(uri, method, id, body);
			return Retry.decorateCallable(retry, call).call();
		};
	}

	private static Zoo.Exchange templateRetried(Zoo.Exchange inner) {
		RetryTemplate retry = RetryTemplate.builder().maxAttempts(3).fixedBackoff(50).build();

		return (uri, method, id, body) -> retry.execute(c -> inner.send(uri, method, id, body));
	}

	static void add(Map<String, Supplier<Zoo.Exchange>> clients) {
		clients.put("webclient-epoll", () -> web(netty("epoll", true)));
		clients.put("webclient-nio", () -> web(netty("nio", false)));
		clients.put("webclient-once", () -> web(netty("once", true).disableRetry(true)));
		clients.put("resttemplate", () -> template(new SimpleClientHttpRequestFactory()));
		clients.put("resttemplate-hc5", () -> template(components(false)));
		clients.put("restclient-hc5", () -> rest(components(true)));
		clients.put("restclient-jdk", () -> rest(new JdkClientHttpRequestFactory()));
		clients.put("resilience4j", () -> retried(web(netty("resilience", true).disableRetry(true))));
		clients.put("spring-retry", () -> templateRetried(template(components(false))));
	}
}
