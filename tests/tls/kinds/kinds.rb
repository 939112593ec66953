# SPDX-License-Identifier: MIT
# Three requests, the second by METHOD: kinds.rb KIND FOLDER PORT METHOD.
kind, folder, port, method = ARGV
url = "https://localhost:#{port}"
ca = "#{folder}/trusted.pem"

ask =
  case kind
  when 'httpclient'
    require 'httpclient'
    client = HTTPClient.new
    client.ssl_config.clear_cert_store
    client.ssl_config.add_trust_ca(ca)
    ->(how, i, body) { client.request(how, "#{url}/#{i}", nil, body).body }
  when 'excon'
    require 'excon'
    client = Excon.new(url, persistent: true, ssl_ca_file: ca)
    ->(how, i, body) { client.request(method: how, path: "/#{i}", body: body).body }
  when 'faraday'
    require 'faraday'
    client = Faraday.new(url, ssl: { ca_file: ca }) { |f| f.adapter :net_http }
    ->(how, i, body) { client.run_request(how.downcase.to_sym, "/#{i}", body, nil).body }
  when 'http'
    require 'http'
    context = OpenSSL::SSL::SSLContext.new
    context.set_params(ca_file: ca)
    client = HTTP.persistent(url)
    ->(how, i, body) { client.request(how.downcase.to_sym, "#{url}/#{i}", body: body, ssl_context: context).to_s }
  when 'net-timeout'
    require 'net/https'
    http = Net::HTTP.new('localhost', port.to_i)
    http.use_ssl = true
    http.ca_file = ca
    http.max_retries = 0
    http.read_timeout = http.write_timeout = 10
    http.keep_alive_timeout = 30
    http.start
    ->(how, i, body) { http.send_request(how, "/#{i}", body).body }
  when 'blocking'
    require 'openssl'
    require 'socket'
    context = OpenSSL::SSL::SSLContext.new
    context.set_params(ca_file: ca)
    ssl = OpenSSL::SSL::SSLSocket.new(TCPSocket.new('localhost', port.to_i), context)
    ssl.hostname = 'localhost'
    ssl.connect
    lambda do |how, i, body|
      ssl.write("#{how} /#{i} HTTP/1.1\r\nHost: localhost\r\n#{"Content-Length: 1\r\n" if body}\r\n#{body}")
      answer = +''
      answer << ssl.readpartial(4096) until answer.end_with?("hello\n")
      'hello'
    end
  end

(1..3).each do |i|
  sleep 0.025
  posts = i == 2 && method == 'POST'
  puts ask.call(posts ? 'POST' : 'GET', i, posts ? 'x' : nil)
rescue StandardError => e
  puts e.class
end
