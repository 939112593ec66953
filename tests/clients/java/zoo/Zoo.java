// SPDX-License-Identifier: MIT
import java.io.File;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

import com.sun.management.OperatingSystemMXBean;

/**
 * Several clients in one virtual machine, one after the other, for its start costs more than all of
 * them: Zoo NAME,NAME... URL_BASE COUNT METHOD PAUSE_MS REST_MS. Each asks for URL_BASE-NAME-1 and
 * so on, then rests, its event loop alive; then it says how long it took and what it used.
 */
public final class Zoo {
	interface Exchange {
		/** Sends one request; returns the body of a 2xx answer. */
		String send(URI uri, String method, String id, String body) throws Exception;
	}

	private static final OperatingSystemMXBean system =
		(OperatingSystemMXBean)ManagementFactory.getOperatingSystemMXBean();

	private static int openFds() {
		return new File("/proc/self/fd").list().length - 1;
	}

	private static String first(Throwable e) {
		return e.toString().lines().findFirst().orElse("");
	}

	private static boolean run(Exchange exchange, String base, int count, String method, int pauseMs)
		throws Exception {
		int failed = 0, start = 0;

		for (int i = 1; i <= count; i++) {
			URI uri = URI.create(base + "-" + i);
			String body = method.equals("POST") ? "payload-" + i : null;
			try {
				String answer = exchange.send(uri, method, Integer.toString(i), body);
				if (answer == null || !answer.contains("\"path\":\"" + uri.getPath() + "\""))
					throw new Exception("body " + answer);
				System.out.println("ok " + i + " 200");
			} catch (Throwable e) {
				failed++;
				System.out.println("error " + i + " " + first(e));
			}
			if (i == 2)
				start = openFds();
			if (pauseMs > 0 && i < count)
				Thread.sleep(pauseMs);
		}
		System.out.println("fds " + start + " " + openFds());
		return failed == 0;
	}

	private static Map<String, Supplier<Exchange>> all() {
		Map<String, Supplier<Exchange>> clients = new TreeMap<>();

		SpringClients.add(clients);
		FeignClients.add(clients);
		PlainClients.add(clients);
		return clients;
	}

	public static void main(String[] args) throws Exception {
		int rest = Integer.parseInt(args[5]);
		boolean good = true;

		for (String name : args[0].split(",")) {
			System.out.println("client " + name);
			Exchange exchange = all().get(name).get();
			long ms = System.nanoTime(), cpu = system.getProcessCpuTime();
			good &= run(exchange, args[1] + "-" + name, Integer.parseInt(args[2]), args[3],
				    Integer.parseInt(args[4]));
			Thread.sleep(rest);
			System.out.printf("took %d %d%n", (System.nanoTime() - ms) / 1000000,
					  (system.getProcessCpuTime() - cpu) / 1000000);
		}
		System.exit(good ? 0 : 1);
	}
}
