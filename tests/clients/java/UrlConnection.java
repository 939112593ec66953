// SPDX-License-Identifier: MIT
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;

public final class UrlConnection {
	public static void main(String[] args) throws Exception {
		Job.run(args, (uri, method, id, body) -> {
			HttpURLConnection c = (HttpURLConnection)uri.toURL().openConnection();
			c.setRequestMethod(method);
			c.setRequestProperty("X-Request-Id", id);
			c.setReadTimeout(20000);
			if (body != null) {
				c.setDoOutput(true);
				try (OutputStream out = c.getOutputStream()) {
					out.write(body.getBytes());
				}
			}
			if (c.getResponseCode() / 100 != 2)
				throw new Exception("status " + c.getResponseCode());
			try (InputStream in = c.getInputStream()) {
				return new String(in.readAllBytes());
			}
		});
	}
}
