# SPDX-License-Identifier: MIT
# Three GETs on one connection through a proxy: proxied.rb FOLDER PORT PROXY.
require 'net/https'

proxy = URI(ARGV[2])
http = Net::HTTP.new('localhost', ARGV[1].to_i, proxy.host, proxy.port, proxy.user, proxy.password)
http.use_ssl = true
http.ca_file = "#{ARGV[0]}/trusted.pem"
http.max_retries = 0
http.keep_alive_timeout = 30
http.start do |connection|
  (1..3).each do |i|
    sleep 0.025
    puts connection.get("/#{i}").body
  rescue StandardError => e
    puts e.class
    break
  end
end
