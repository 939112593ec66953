// SPDX-License-Identifier: MIT
// Asks.java BASE NAME SECONDS: as asks.py, with HttpURLConnection on four threads. Java's own retry
// of a POST is switched off by storm.py: what arrives twice is to be redial's doing, or nobody's.
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

public class Asks {
    private static final int[] SIZES = {0, 10, 3000, 70000}, BODIES = {1, 100, 5000};
    private static final AtomicLong NUMBER = new AtomicLong();

    private record Request(String method, String path, String id, int body, int size) {}

    private static Request next(String name) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String id = name + "." + ProcessHandle.current().pid() + "." + NUMBER.getAndIncrement();
        if (random.nextDouble() < 0.3) {
            return new Request("POST", "/post/" + id, id, BODIES[random.nextInt(3)], -1);
        }
        int size = random.nextBoolean() ? SIZES[random.nextInt(4)] : -1;
        return new Request("GET", (size < 0 ? "/get/" : "/bytes/" + size + "/") + id, id, 0, size);
    }

    private static String judge(Request asked, byte[] text) {
        if (asked.size >= 0) {
            String got = new String(text, StandardCharsets.ISO_8859_1);
            String other = got.replaceAll("x+|\\s", "");
            return got.equals("x".repeat(asked.size)) ? "ok"
                : "wrong:" + text.length + "-of-" + asked.size + ":" + other;
        }
        String plain = new String(text, StandardCharsets.ISO_8859_1).replace(" ", "");
        boolean right = plain.contains("\"path\":\"" + asked.path + "\"")
            && (asked.body == 0 || plain.contains("\"body\":" + asked.body));
        return right ? "ok" : "wrong:" + plain.replaceAll("\\s", "");
    }

    private static String outcome(String base, Request asked) {
        try {
            HttpURLConnection connection = (HttpURLConnection) new URL(base + asked.path).openConnection();
            connection.setReadTimeout(20000);
            connection.setRequestMethod(asked.method);
            if (asked.body > 0) {
                connection.setDoOutput(true);
                connection.getOutputStream().write("p".repeat(asked.body).getBytes());
            }
            int status = connection.getResponseCode();
            if (status != 200) {
                InputStream error = connection.getErrorStream();
                if (error != null) {
                    error.readAllBytes();
                }
                return "status-" + status;
            }
            byte[] text = connection.getInputStream().readAllBytes();
            // It does not mind that a body is shorter than its length.
            return text.length < connection.getContentLength() ? "lost" : judge(asked, text);
        } catch (SocketTimeoutException e) {
            return "hung";
        } catch (IOException e) {
            return "lost";
        }
    }

    private static void trustAll() throws Exception {
        X509TrustManager any = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String type) {}
            public void checkServerTrusted(X509Certificate[] chain, String type) {}
            public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {any}, new SecureRandom());
        HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
        HttpsURLConnection.setDefaultHostnameVerifier((host, session) -> true);
    }

    public static void main(String[] args) throws Exception {
        trustAll();
        long end = System.nanoTime() + (long) (Double.parseDouble(args[2]) * 1e9);
        for (int i = 0; i < 4; i++) {
            new Thread(() -> {
                while (System.nanoTime() < end) {
                    Request asked = next(args[1]);
                    long began = System.nanoTime();
                    String outcome = outcome(args[0], asked);
                    System.out.println(asked.method + " " + asked.id + " " + outcome + " "
                        + (System.nanoTime() - began) / 1000000);
                }
            }).start();
        }
    }
}
