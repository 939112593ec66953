/* SPDX-License-Identifier: MIT */
/* GETs an https URL by a socket of Java's own TLS, which nothing can be preloaded into. */
import java.io.OutputStream;
import java.net.URI;
import javax.net.ssl.SSLSocketFactory;

public class Get {
	public static void main(String[] args) throws Exception {
		URI uri = new URI(args[0]);
		try (var socket = SSLSocketFactory.getDefault().createSocket(uri.getHost(), uri.getPort())) {
			OutputStream out = socket.getOutputStream();
			out.write(("GET / HTTP/1.1\r\nHost: " + uri.getHost() + "\r\nConnection: close\r\n\r\n").getBytes());
			socket.getInputStream().transferTo(System.out);
			System.out.flush();
		} catch (java.io.IOException e) {
			System.err.println(e);
			System.exit(1);
		}
	}
}
