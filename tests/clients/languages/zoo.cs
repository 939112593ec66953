// SPDX-License-Identifier: MIT
// Mono's HttpClient; called as every client is.
using System;
using System.IO;
using System.Net.Http;
using System.Threading;

static class Zoo
{
	static int OpenFds()
	{
		return Directory.GetFileSystemEntries("/proc/self/fd").Length - 1;
	}

	static int Main(string[] args)
	{
		int count = int.Parse(args[1]), pause = int.Parse(args[3]), failed = 0, start = 0;
		HttpClient client = new HttpClient(new HttpClientHandler { UseProxy = false });

		for (int i = 1; i <= count; i++) {
			try {
				HttpRequestMessage request =
					new HttpRequestMessage(new HttpMethod(args[2]), args[0] + "-" + i);
				request.Headers.Add("X-Request-Id", i.ToString());
				if (args[2] == "POST")
					request.Content = new StringContent("payload-" + i);
				request.Headers.ExpectContinue = false;
				HttpResponseMessage answer = client.SendAsync(request).Result;
				string text = answer.Content.ReadAsStringAsync().Result;
				if (!text.Contains("\"path\":\"" + new Uri(args[0]).AbsolutePath + "-" + i + "\""))
					throw new Exception("wrong answer " + text);
				Console.WriteLine("ok " + i + " " + (int)answer.StatusCode);
			} catch (Exception e) {
				failed++;
				Console.WriteLine("error " + i + " " + e.GetBaseException().Message.Replace('\n', ' '));
			}
			if (i == 2)
				start = OpenFds();
			if (i < count)
				Thread.Sleep(pause);
		}
		Thread.Sleep(args.Length > 4 ? int.Parse(args[4]) : 0);
		Console.WriteLine("fds " + start + " " + OpenFds());
		return failed == 0 ? 0 : 1;
	}
}
