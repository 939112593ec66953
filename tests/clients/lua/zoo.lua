-- SPDX-License-Identifier: MIT
-- lua-http on cqueues, one connection that is used again; called as every client is, then REST_MS.
local client = require "http.client"
local headers = require "http.headers"
local cqueues = require "cqueues"

local base, count, method, pause, rest = table.unpack(arg)
local host, port, path = base:match("^http://([^:]+):(%d+)(.*)$")
local connection, failed, start = nil, 0, 0
count, pause, rest = tonumber(count), tonumber(pause or 0) / 1000, tonumber(rest or 0) / 1000
io.stdout:setvbuf("line")

local function open_fds()
	local list, n = io.popen("ls /proc/" .. io.open("/proc/self/stat"):read("*n") .. "/fd"), -1
	for _ in list:lines() do n = n + 1 end
	list:close()
	return n
end

local function exchange(i)
	connection = connection or assert(client.connect({ host = host, port = tonumber(port) }, 20))
	local stream = assert(connection:new_stream())
	local head = headers.new()
	local body = method == "POST" and "payload-" .. i or nil
	head:append(":method", method)
	head:append(":scheme", "http")
	head:append(":authority", host .. ":" .. port)
	head:append(":path", path .. "-" .. i)
	head:append("x-request-id", tostring(i))
	if body then head:append("content-length", tostring(#body)) end
	assert(stream:write_headers(head, body == nil, 20))
	if body then assert(stream:write_chunk(body, true, 20)) end
	local answer = assert(stream:get_headers(20))
	local text = assert(stream:get_body_as_string(20))
	if answer:get(":status") ~= "200" or not text:find('"path":"' .. path .. "-" .. i .. '"', 1, true) then
		error("status " .. answer:get(":status") .. " " .. text)
	end
end

for i = 1, count do
	local good, why = pcall(exchange, i)
	if good then
		print("ok " .. i .. " 200")
	else
		failed = failed + 1
		print("error " .. i .. " " .. tostring(why):gsub("\n.*", ""))
		if connection then connection:close() end
		connection = nil
	end
	if i == 2 then start = open_fds() end
	if pause > 0 and i < count then cqueues.sleep(pause) end
end
if rest > 0 then cqueues.sleep(rest) end
print("fds " .. start .. " " .. open_fds())
os.exit(failed == 0)
