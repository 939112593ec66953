/* SPDX-License-Identifier: MIT */
/* Who is in the zoo. */
#include <stddef.h>

#include "zoo.h"

#define JAVA_ZOO                                                                                   \
	{                                                                                          \
		"sh", "@java/zoo/zoo.sh"                                                           \
	}
#define JAVA_MEMBER(id, title, which, letters, small)                                              \
	{                                                                                          \
		.test = id, .program = {.name = title, .argv = JAVA_ZOO}, .member = which,         \
		.needs = "%tests/zoo/java/Zoo.class", .bare = letters, .check = small              \
	}
#define PYTHON_IN(folder, id, title, letters, ...)                                                 \
	{                                                                                          \
		.test = id,                                                                        \
		.program = {.name = title, .argv = {"/usr/bin/python3", "@python/zoo.py", id}},    \
		.needs = "%tests/zoo/" folder "/installed", .bare = letters, __VA_ARGS__           \
	}
#define PYTHON(...)	 PYTHON_IN("python", __VA_ARGS__, .check = true)
#define PYTHON_MORE(...) PYTHON_IN("python-more", __VA_ARGS__)
#define NODE_ZOO(id, title, which, letters, ...)                                                   \
	{                                                                                          \
		.test = id, .program = {.name = title, .argv = {"node", "@node/zoo.js", which}},   \
		.needs = "%tests/zoo/zoo/node_modules/.package-lock.json", .bare = letters,        \
		__VA_ARGS__                                                                        \
	}
#define SCRIPT(id, title, command, file, which, letters, ...)                                      \
	{                                                                                          \
		.test = id, .program = {.name = title, .argv = {command, file, which}},            \
		.needs = command, .bare = letters, __VA_ARGS__                                     \
	}
#define RUST(id, title, which, letters, ...)                                                       \
	{                                                                                          \
		.test = id,                                                                        \
		.program = {.name = title, .argv = {"%tests/zoo/rust/target/debug/zoo", which}},   \
		.needs = "%tests/zoo/rust/target/debug/zoo", .bare = letters, __VA_ARGS__          \
	}
#define LIBRARY(id, title, letters, ...)                                                           \
	{                                                                                          \
		.test = id, .program = {.name = title, .argv = {"%tests/zoo/libraries/" id}},      \
		.needs = "%tests/zoo/libraries/" id, .bare = letters, __VA_ARGS__                  \
	}
#define COMPILED(id, title, letters, ...)                                                          \
	{                                                                                          \
		.test = id, .program = {.name = title, .argv = {"%tests/zoo/languages/" id}},      \
		.needs = "%tests/zoo/languages/" id, .bare = letters, __VA_ARGS__                  \
	}
#define PROXY(id, title, command, letters, ...)                                                    \
	{                                                                                          \
		.test = id,                                                                        \
		.program = {.name = title, .argv = {"sh", "@proxy/proxy.sh", id, "1"}},            \
		.needs = command, .bare = letters, __VA_ARGS__                                     \
	}
#define TOOL(id, title, letters)                                                                   \
	{                                                                                          \
		.test = id,                                                                        \
		.program = {.name = title,                                                         \
			    .argv = {"sh", "@tools/tool.sh", id},                                  \
			    .files = "%tests/zoo/files"},                                          \
		.needs = "%tests/zoo/files/made", .bare = letters                                  \
	}
#define RUNTIME(id, title, file, letters, ...)                                                     \
	{                                                                                          \
		.test = id, .needs = "%tests/zoo/runtimes/node_modules/.package-lock.json",        \
		.bare = letters,                                                                   \
		.program = {.name = title, .argv = {"sh", "@node/runtime.sh", file, __VA_ARGS__}}, \
	}
#define KEYED "retry = { idempotency_key_headers = [\"Idempotency-Key\"]; };"

const struct zoo_row zoo_rows[] = {
    JAVA_MEMBER("webclient_epoll", "Spring Boot WebClient, epoll", "webclient-epoll", "--++-",
		true),
    JAVA_MEMBER("webclient_nio", "Spring Boot WebClient, NIO", "webclient-nio", "--++-", true),
    JAVA_MEMBER("resttemplate", "RestTemplate, JDK's old client", "resttemplate", "22++-", true),
    JAVA_MEMBER("resttemplate_hc5", "RestTemplate, HttpClient 5, no retries", "resttemplate-hc5",
		"-----", true),
    JAVA_MEMBER("restclient_hc5", "RestClient, HttpClient 5", "restclient-hc5", "22+--", true),
    JAVA_MEMBER("restclient_jdk", "RestClient, JDK's client", "restclient-jdk", "22++-", true),
    JAVA_MEMBER("resilience4j", "Resilience4j around WebClient", "resilience4j", "22++2", true),
    JAVA_MEMBER("spring_retry", "Spring Retry around RestTemplate", "spring-retry", "22++2", true),
    JAVA_MEMBER("feign_hc5", "OpenFeign, HttpClient 5", "feign-hc5", "22+--", true),
    JAVA_MEMBER("feign_okhttp", "OpenFeign, OkHttp", "feign-okhttp", "22++2", true),
    JAVA_MEMBER("feign_retryer", "OpenFeign with Retryer, OkHttp", "feign-retryer", "22++2", true),
    JAVA_MEMBER("okhttp", "OkHttp 5", "okhttp", "22++2", false),
    JAVA_MEMBER("okhttp_once", "OkHttp 5, no retries", "okhttp-once", "-----", false),
    JAVA_MEMBER("jetty", "Jetty client", "jetty", "--++-", false),
    JAVA_MEMBER("async_http_client", "AsyncHttpClient", "async-http-client", "??++-", false),
    JAVA_MEMBER("vertx", "Vert.x", "vertx", "--++-", false),
    JAVA_MEMBER("jdk", "JDK's client", "jdk", "22++-", false),
    PYTHON("requests", "requests", "--++-"),
    PYTHON("urllib3", "urllib3, no retries", "--++-"),
    PYTHON("urllib3_retry", "urllib3", "22++-"),
    PYTHON("httpx", "httpx", "--++-"),
    PYTHON("httpx_asyncio", "httpx on asyncio", "--++-"),
    PYTHON("trio", "httpx on trio", "--++-"),
    PYTHON("aiohttp", "aiohttp", "22+--"),
    PYTHON("aiohttp_uvloop", "aiohttp on uvloop", "22+--", .redial = "...-."),
    PYTHON_IN("python-niquests", "niquests", "niquests", "--++-"),
    PYTHON_MORE("pycurl", "pycurl, its wheel", "22++2"),
    PYTHON_MORE("tornado", "Tornado over curl", "22++2"),
    PYTHON_MORE("twisted", "Twisted treq", "-----", .redial = "..--."),
    PYTHON_MORE("gevent", "requests on gevent", "--++-"),
    PYTHON_MORE("eventlet", "requests on eventlet", "--++-"),
    PYTHON_MORE("botocore", "botocore", "--++-"),
    NODE_ZOO("express_axios", "Express, axios", "express-axios", "--++-", .check = true),
    NODE_ZOO("express_undici", "Express, undici", "express-undici", "--++-", .check = true),
    NODE_ZOO("express_axios_key", "Express, axios, key", "express-axios-key", "--++-",
	     .redial = "....2", .policy = KEYED, .check = true),
    NODE_ZOO("express_undici_key", "Express, undici, key", "express-undici-key", "--++-",
	     .redial = "....2", .policy = KEYED, .check = true),
    NODE_ZOO("undici_retry", "undici RetryAgent", "undici-retry", "22++-", .check = true),
    NODE_ZOO("got", "got, no retries", "got", "-----"),
    NODE_ZOO("got_retry", "got", "got-retry", "22+--"),
    NODE_ZOO("ky", "ky", "ky", "22++-"),
    NODE_ZOO("node_fetch", "node-fetch", "node-fetch", "-----"),
    NODE_ZOO("superagent", "superagent", "superagent", "-----", .check = true),
    RUNTIME("node26_agent", "Node 26, http.Agent", "node", "--++-", "@node/zoo.js", "http-agent"),
    RUNTIME("node26_fetch", "Node 26, fetch", "node", "--++-", "@node/zoo.js", "fetch"),
    RUNTIME("node26_undici", "Node 26, undici 8", "node", "--++-", "@node/zoo.js", "undici"),
    RUNTIME("node26_got", "Node 26, got 16", "node", "--++-", "@node/zoo.js", "got"),
    RUNTIME("deno", "Deno, fetch", "deno", "22++2", "run", "-A", "@node/fetch_anywhere.mjs"),
    RUNTIME("bun", "Bun, fetch", "bun", "22++-", "@node/fetch_anywhere.mjs"),
    SCRIPT("anyevent", "AnyEvent::HTTP", "perl", "@perl/zoo.pl", "anyevent", "-2+--",
	   .check = true),
    SCRIPT("net_async_http", "Net::Async::HTTP", "perl", "@perl/zoo.pl", "net_async_http", "-----",
	   .redial = "..--."),
    SCRIPT("furl", "Furl", "perl", "@perl/zoo.pl", "furl", "22++2"),
    SCRIPT("mojo", "Mojo::UserAgent", "perl", "@perl/zoo.pl", "mojo", "--++-"),
    SCRIPT("excon", "excon", "ruby", "@ruby/zoo.rb", "excon", "-----"),
    SCRIPT("excon_retry", "excon, idempotent", "ruby", "@ruby/zoo.rb", "excon_retry", "22++2"),
    SCRIPT("http_rb", "http.rb", "ruby", "@ruby/zoo.rb", "http_rb", "-----"),
    SCRIPT("httpclient", "Ruby httpclient", "ruby", "@ruby/zoo.rb", "httpclient", "22++2"),
    SCRIPT("eventmachine", "EventMachine", "ruby", "@ruby/zoo.rb", "eventmachine", "-----",
	   .redial = "..--."),
    SCRIPT("guzzle", "Guzzle", "php", "@php/zoo.php", "guzzle", "22++2"),
    SCRIPT("symfony", "Symfony HttpClient", "php", "@php/zoo.php", "symfony", "22++2"),
    SCRIPT("cqueues", "Lua cqueues", "lua5.2", "@lua/zoo.lua", NULL, "-----"),
    SCRIPT("tcl", "Tcl http", "tclsh", "@languages/zoo.tcl", NULL, "22+--"),
    RUST("hyper", "hyper", "hyper", "--++-"),
    RUST("reqwest", "reqwest", "reqwest", "--++-"),
    RUST("reqwest_blocking", "reqwest, blocking", "reqwest-blocking", "--++-"),
    RUST("ureq", "ureq", "ureq", "--++-"),
    RUST("isahc", "isahc", "isahc", "22++2"),
    RUST("awc", "awc", "awc", "-----"),
    LIBRARY("libevent", "libevent evhttp", "-----"),
    LIBRARY("libuv", "libuv", "-----"),
    LIBRARY("neon", "neon", "22++2"),
    LIBRARY("soup", "libsoup 3", "22+++"),
    LIBRARY("httplib", "cpp-httplib", "--++-"),
    LIBRARY("beast", "Boost.Beast", "-----"),
    LIBRARY("poco", "POCO", "-----"),
    LIBRARY("gsoap", "gSOAP", "--++-"),
    LIBRARY("qt", "Qt", "22++2"),
    COMPILED("nim", "Nim httpclient", "-----"),
    COMPILED("crystal", "Crystal HTTP::Client", "22++2"),
    COMPILED("d", "D std.net.curl", "22++2"),
    COMPILED("haskell", "Haskell http-client", "22++2"),
    {.test = "mono",
     .program = {.name = "Mono HttpClient", .argv = {"mono", "%tests/zoo/languages/mono.exe"}},
     .needs = "%tests/zoo/languages/mono.exe",
     .bare = "22++-"},
    {.test = "sbcl",
     .program = {.name = "SBCL Drakma", .argv = {"sbcl", "--script", "@languages/zoo.lisp", "--"}},
     .needs = "/usr/share/common-lisp/source/drakma",
     .bare = "-----"},
    SCRIPT("racket", "Racket net/http-client", "racket", "@languages/zoo.rkt", NULL, "-----"),
    SCRIPT("guile", "Guile web client", "guile", "@languages/zoo.scm", NULL, "-----"),
    SCRIPT("elixir", "Erlang httpc", "elixir", "@languages/zoo.exs", NULL, "--++-"),
    PROXY("apache", "Apache mod_proxy", "apache2", "--++-"),
    PROXY("squid", "squid", "squid", "??+++"),
    PROXY("varnish", "Varnish", "varnishd", "22++-"),
    {.test = "aria2",
     .program = {.name = "aria2", .argv = {"sh", "@wget/aria2.sh"}},
     .needs = "aria2c",
     .bare = "--..."},
    TOOL("apt", "apt-get update", "22..."),
    TOOL("hg", "Mercurial, static-http", "22..."),
    TOOL("ffmpeg", "ffmpeg, HLS", "22..."),
    {.test = "pypy",
     .program = {.name = "PyPy, requests",
		 .argv = {"env", "PYTHONPATH=/usr/lib/python3/dist-packages", "pypy3",
			  "@python/zoo.py", "requests"}},
     .needs = "pypy3",
     .bare = "--++-"},
    {.test = "pypy_http_client",
     .program = {.name = "PyPy, http.client", .argv = {"pypy3", "@python/zoo.py", "http_client"}},
     .needs = "pypy3",
     .bare = "-----"},
    {.test = NULL},
};
