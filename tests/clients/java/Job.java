// SPDX-License-Identifier: MIT
import java.io.File;
import java.net.URI;

/** What the Java clients share: arguments, the loop, reporting. */
final class Job {
	interface Exchange {
		/** Sends one request; returns the body of a 2xx answer. */
		String send(URI uri, String method, String id, String body) throws Exception;
	}

	static int openFds() {
		return new File("/proc/self/fd").list().length - 1;
	}

	static void run(String[] args, Exchange exchange) throws Exception {
		int count = Integer.parseInt(args[1]), failed = 0, start = 0;
		String method = args.length > 2 ? args[2] : "GET";
		int pauseMs = args.length > 3 ? Integer.parseInt(args[3]) : 0;

		for (int i = 1; i <= count; i++) {
			URI uri = URI.create(args[0] + "-" + i);
			String body = method.equals("POST") ? "payload-" + i : null;
			try {
				String answer = exchange.send(uri, method, Integer.toString(i), body);
				if (!answer.contains("\"path\":\"" + uri.getPath() + "\""))
					throw new Exception("body " + answer);
				System.out.println("ok " + i + " 200");
			} catch (Exception e) {
				failed++;
				System.out.println("error " + i + " " + e);
			}
			if (i == 2)
				start = openFds();
			if (pauseMs > 0 && i < count)
				Thread.sleep(pauseMs);
		}
		System.out.println("fds " + start + " " + openFds());
		System.exit(failed == 0 ? 0 : 1);
	}
}
