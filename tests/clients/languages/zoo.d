// SPDX-License-Identifier: MIT
// D's std.net.curl; called as every client is.
import core.thread, std.algorithm, std.array, std.conv, std.file, std.net.curl, std.stdio;

long openFds()
{
	return dirEntries("/proc/self/fd", SpanMode.shallow).array.length - 1;
}

int main(string[] args)
{
	auto base = args[1], count = args[2].to!int, post = args[3] == "POST", pause = args[4].to!int;
	auto path = base[base.countUntil("/r") .. $];
	auto client = HTTP();
	int failed;
	long start;

	foreach (i; 1 .. count + 1) {
		try {
			client.clearRequestHeaders();
			client.addRequestHeader("X-Request-Id", i.to!string);
			auto url = base ~ "-" ~ i.to!string;
			auto text = post ? std.net.curl.post(url, "payload-" ~ i.to!string, client)
					 : std.net.curl.get(url, client);
			if (!text.canFind("\"path\":\"" ~ path ~ "-" ~ i.to!string ~ "\""))
				throw new Exception("wrong answer");
			writeln("ok ", i, " 200");
		} catch (Exception e) {
			failed++;
			writeln("error ", i, " ", e.msg);
		}
		stdout.flush();
		if (i == 2)
			start = openFds();
		if (i < count)
			Thread.sleep(pause.msecs);
	}
	writeln("fds ", start, " ", openFds());
	return failed ? 1 : 0;
}
