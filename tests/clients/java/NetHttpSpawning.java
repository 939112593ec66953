// SPDX-License-Identifier: MIT
import java.util.concurrent.Semaphore;

/** java.net.http while another thread never stops starting processes. */
public final class NetHttpSpawning {
	private static final Semaphore spawned = new Semaphore(0);

	private static void spawn() {
		try {
			for (;;) {
				if (new ProcessBuilder("/bin/true").start().waitFor() != 0)
					throw new Exception("/bin/true failed");
				spawned.release();
			}
		} catch (Exception e) {
			System.out.println("spawn: " + e);
			System.exit(2);
		}
	}

	public static void main(String[] args) throws Exception {
		Thread spawner = new Thread(NetHttpSpawning::spawn);
		Job.Exchange exchange = NetHttp.exchange();

		spawner.setDaemon(true);
		spawner.start();
		Job.run(args, (uri, method, id, body) -> {
			spawned.drainPermits();
			spawned.acquire();
			return exchange.send(uri, method, id, body);
		});
	}
}
