# SPDX-License-Identifier: MIT
require 'json'
require 'net/http'

base, count, method, pause = ARGV
count = Integer(count)
method ||= 'GET'
pause = (pause || 0).to_f / 1000
uri = URI(base)
$stdout.sync = true

def open_fds
  Dir.children('/proc/self/fd').size - 1
end

http = Net::HTTP.new(uri.host, uri.port, nil)
http.max_retries = 0
http.read_timeout = 20
http.keep_alive_timeout = 60
failed = start = 0
(1..count).each do |i|
  path = "#{uri.path}-#{i}"
  request = method == 'POST' ? Net::HTTP::Post.new(path) : Net::HTTP::Get.new(path)
  request['X-Request-Id'] = i.to_s
  request.body = "payload-#{i}" if method == 'POST'
  begin
    http.start unless http.started?
    answer = http.request(request)
    raise "status #{answer.code}, body #{answer.body}" unless
      answer.is_a?(Net::HTTPSuccess) && JSON.parse(answer.body)['path'] == path

    puts "ok #{i} #{answer.code}"
  rescue StandardError => e
    failed += 1
    puts "error #{i} #{e.class} #{e.message}"
    http.finish if http.started?
  end
  start = open_fds if i == 2
  sleep pause if pause.positive? && i < count
end
puts "fds #{start} #{open_fds}"
exit failed.zero?
