-- SPDX-License-Identifier: MIT
-- Three requests, the second by METHOD: kinds.lua KIND FOLDER PORT METHOD.
local kind, folder, port, method = arg[1], arg[2], tonumber(arg[3]), arg[4]
local send, receive

if kind == 'luasec' then
	local socket, ssl = require 'socket', require 'ssl'
	local conn = socket.tcp()
	assert(conn:connect('127.0.0.1', port))
	local tls = assert(ssl.wrap(conn, {
		mode = 'client', protocol = 'any', verify = 'peer', cafile = folder .. '/trusted.pem',
	}))
	tls:sni('localhost')
	assert(tls:dohandshake())
	send = function(text) return tls:send(text) end
	receive = function()
		local head = tls:receive('*l')
		while head and head ~= '' do head = tls:receive('*l') end
		return head and tls:receive(6)
	end
else
	local request = require 'http.client'
	local context = require 'http.tls'.new_client_context()
	local store = require 'openssl.x509.store'.new()
	store:add(folder .. '/trusted.pem')
	context:setStore(store)
	local conn = assert(request.connect({
		host = '127.0.0.1', port = port, tls = true, ctx = context, sendname = 'localhost', version = 1.1,
	}, 15))
	local headers = require 'http.headers'
	local stream
	send = function(_, how, i, body)
		stream = conn:new_stream()
		local head = headers.new()
		head:append(':method', how)
		head:append(':scheme', 'https')
		head:append(':authority', 'localhost')
		head:append(':path', '/' .. i)
		if body then head:append('content-length', '1') end
		local done = stream:write_headers(head, not body, 15)
		if done and body then done = stream:write_chunk(body, true, 15) end
		return done
	end
	receive = function()
		local head = stream:get_headers(15)
		return head and stream:get_body_as_string(15)
	end
end

local sleep = require 'socket'.sleep
io.stdout:setvbuf('line')
for i = 1, 3 do
	sleep(0.025)
	local posts = i == 2 and method == 'POST'
	local how, body = posts and 'POST' or 'GET', posts and 'x' or nil
	local text = how .. ' /' .. i .. ' HTTP/1.1\r\nHost: localhost\r\n' ..
		(body and 'Content-Length: 1\r\n' or '') .. '\r\n' .. (body or '')
	local done, answer = pcall(function() return send(text, how, i, body) and receive() end)
	print(done and answer and (answer:gsub('\n', '')) or 'error')
end
