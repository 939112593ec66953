# SPDX-License-Identifier: MIT
# Erlang's httpc, from Elixir; called as every client is, then REST_MS.
[base, count, method, pause | rest] = System.argv()
{count, pause} = {String.to_integer(count), String.to_integer(pause)}
{:ok, _} = Application.ensure_all_started(:inets)
path = URI.parse(base).path
open_fds = fn -> length(File.ls!("/proc/self/fd")) - 1 end

{failed, start} =
  Enum.reduce(1..count, {0, 0}, fn i, {failed, start} ->
    url = String.to_charlist("#{base}-#{i}")
    headers = [{'x-request-id', Integer.to_charlist(i)}]
    request = if method == "POST", do: {url, headers, 'text/plain', "payload-#{i}"}, else: {url, headers}
    verb = if method == "POST", do: :post, else: :get

    failed =
      case :httpc.request(verb, request, [timeout: 20000], body_format: :binary) do
        {:ok, {{_, 200, _}, _, body}} ->
          true = String.contains?(body, "\"path\":\"#{path}-#{i}\"")
          IO.puts("ok #{i} 200")
          failed

        why ->
          IO.puts("error #{i} #{inspect(why)}")
          failed + 1
      end

    if i < count, do: Process.sleep(pause)
    {failed, if(i == 2, do: open_fds.(), else: start)}
  end)

Process.sleep(String.to_integer(List.first(rest) || "0"))
IO.puts("fds #{start} #{open_fds.()}")
System.halt(if failed == 0, do: 0, else: 1)
