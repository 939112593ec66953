# SPDX-License-Identifier: MIT
# The zoo's Ruby clients: zoo.rb NAME, then what every client takes, then REST_MS.
require 'json'
require 'uri'

NAME, BASE, count, METHOD, pause, rest = ARGV
COUNT = count.to_i
PAUSE = pause.to_i / 1000.0
REST = rest.to_i / 1000.0
$stdout.sync = true
$failed = $start = 0

def open_fds
  Dir.children('/proc/self/fd').size - 1
end

def answered(i, status, body)
  raise "status #{status}, body #{body}" unless
    status.to_i == 200 && JSON.parse(body)['path'] == "#{URI(BASE).path}-#{i}"

  puts "ok #{i} #{status}"
rescue StandardError => e
  error(i, e)
end

def error(i, why)
  $failed += 1
  puts "error #{i} #{why.inspect}"
end

# Blocks an event loop too, as a busy program does.
def between(i)
  $start = open_fds if i == 2
  sleep PAUSE if PAUSE.positive? && i < COUNT
end

def finish
  puts "fds #{$start} #{open_fds}"
  exit $failed.zero?
end

# The block takes URL, headers and body, and returns status and body.
def one_by_one
  (1..COUNT).each do |i|
    begin
      body = METHOD == 'POST' ? "payload-#{i}" : nil
      answered(i, *yield("#{BASE}-#{i}", { 'X-Request-Id' => i.to_s }, body))
    rescue StandardError => e
      error(i, e)
    end
    between(i)
  end
  finish
end

def excon(options)
  require 'excon'
  origin = BASE[%r{^http://[^/]*}]
  client = Excon.new(origin, persistent: true, proxy: nil, **options)
  one_by_one do |url, headers, body|
    answer = client.request(method: METHOD, path: URI(url).path, headers: headers, body: body)
    [answer.status, answer.body]
  end
end

def http_rb
  require 'http'
  client = HTTP.persistent(BASE[%r{^http://[^/]*}])
  one_by_one do |url, headers, body|
    answer = client.request(METHOD.downcase, url, headers: headers, body: body)
    [answer.code, answer.to_s]
  end
end

def httpclient
  require 'httpclient'
  client = HTTPClient.new
  one_by_one do |url, headers, body|
    answer = client.request(METHOD, url, nil, body, headers)
    [answer.status, answer.body]
  end
end

# One connection of EventMachine's, kept open; after a failure a new one.
def em_http_turn(connection, i)
  connection ||= EventMachine::HttpRequest.new(BASE)
  body = METHOD == 'POST' ? "payload-#{i}" : nil
  options = { path: "#{URI(BASE).path}-#{i}", keepalive: true, body: body,
              head: { 'X-Request-Id' => i.to_s } }
  request = connection.public_send(METHOD.downcase, options)
  request.callback { answered(i, request.response_header.status, request.response); em_http_next(connection, i) }
  request.errback { error(i, request.error || 'closed'); em_http_next(nil, i) }
end

def em_http_next(connection, i)
  between(i)
  return em_http_turn(connection, i + 1) if i < COUNT

  EventMachine.add_timer(REST) { finish }
end

def eventmachine
  require 'em-http'
  EventMachine.run { em_http_turn(nil, 1) }
end

case NAME
when 'excon' then excon({})
when 'excon_retry' then excon(idempotent: true, retry_interval: 0)
when 'http_rb' then http_rb
when 'httpclient' then httpclient
when 'eventmachine' then eventmachine
end
