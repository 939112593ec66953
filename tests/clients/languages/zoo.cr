# SPDX-License-Identifier: MIT
# Crystal's HTTP::Client; called as every client is, then REST_MS.
require "http/client"

base, count, method, pause = ARGV[0], ARGV[1].to_i, ARGV[2], ARGV[3].to_i
rest = (ARGV[4]? || "0").to_i
uri = URI.parse(base)
failed = start = 0
STDOUT.sync = true
open_fds = -> { Dir.children("/proc/self/fd").size - 1 }

client = HTTP::Client.new(uri)
(1..count).each do |i|
  path = "#{uri.path}-#{i}"
  begin
    headers = HTTP::Headers{"X-Request-Id" => i.to_s}
    answer = client.exec(method, path, headers, method == "POST" ? "payload-#{i}" : nil)
    raise "wrong answer" unless answer.body.includes?(%("path":"#{path}"))
    puts "ok #{i} #{answer.status_code}"
  rescue e
    failed += 1
    puts "error #{i} #{e.message}"
  end
  start = open_fds.call if i == 2
  sleep pause / 1000 if i < count
end
sleep rest / 1000
puts "fds #{start} #{open_fds.call}"
exit(failed == 0 ? 0 : 1)
