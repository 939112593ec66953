#!/bin/sh
# SPDX-License-Identifier: MIT
# Rate limiters that answer 429 with Retry-After. Two requests are allowed in 3 s (in 2.5 s each for
# tower_governor); a client that is refused waits exactly as long as it was told and asks once more.
# Guess: it is let in; the second is the unit of Retry-After (RFC 9110, 10.2.3), so all round up.
# Instead: koa-ratelimit and tower_governor round down: each client that obeys is refused again, then
#   told 0 for the rest of the second. Flask-Limiter does so too, or not, by where in the second it
#   is asked. Fiber's sliding window counts the refused request as well, and refuses the next one.
#   koa2-ratelimit says the whole window however little of it is left; quart-rate-limiter sends the
#   field twice: a client that joins fields reads "1, 1". Flask-Limiter and slowapi put it into each
#   200 as well.
# Matters: whoever resends once by Retry-After gives up on a server that was about to answer; a
#   Retry-After is no sign of a refusal; one second more than told is what a client should wait.
# Versions: express-rate-limit 8.7.5, @fastify/rate-limit 11.2.0, koa-ratelimit 6.0.0, koa2-ratelimit
#   1.1.3 on Node 20.20.2; Flask-Limiter 4.1.1 (limits 5.8.0), slowapi 0.1.10, quart-rate-limiter
#   0.12.1, Django REST framework 3.18.3; go-chi/httprate 0.16.1, Fiber 2.52.15; tower_governor 0.8.0.
# Seen 2026-11-29: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_npm express@5.3.0 express-rate-limit@8.7.5 fastify@5.12.8 @fastify/rate-limit@11.2.0 koa@3.3.0 \
	koa-ratelimit@6.0.0 koa2-ratelimit@1.1.3
get_pip flask==3.1.3 flask-limiter==4.1.1 limits==5.8.0 fastapi==0.165.0 uvicorn==0.54.0 \
	slowapi==0.1.10 quart==0.22.0 quart-rate-limiter==0.12.1 django==5.2.19 djangorestframework==3.18.3
get_go github.com/go-chi/httprate@v0.16.1 github.com/gofiber/fiber/v2@v2.52.15 \
	github.com/gofiber/fiber/v2/middleware/limiter@v2.52.15 <<'GO'
package main

import (
	"net/http"
	"os"
	"time"

	"github.com/go-chi/httprate"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/limiter"
)

func main() {
	at := "127.0.0.1:" + os.Args[2]
	if os.Args[1] == "httprate" {
		answer := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
		http.ListenAndServe(at, httprate.LimitAll(2, 3*time.Second)(answer))
	}
	config := limiter.Config{Max: 2, Expiration: 3 * time.Second}
	if os.Args[1] == "sliding" {
		config.LimiterMiddleware = limiter.SlidingWindow{}
	}
	app := fiber.New()
	app.Use(limiter.New(config))
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString("ok") })
	app.Listen(at)
}
GO
get_cargo 'axum = { version = "=0.8.9", default-features = false, features = ["http1", "tokio"] }
tower_governor = "=0.8.0"
tokio = { version = "1", features = ["rt", "net"] }' <<'RUST'
use axum::{routing::get, Router};
use std::{net::SocketAddr, time::Duration};
use tower_governor::{governor::GovernorConfigBuilder, GovernorLayer};

fn main() {
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut config = GovernorConfigBuilder::default();
    config.period(Duration::from_millis(2500)).burst_size(2);
    let limit = GovernorLayer::new(config.finish().unwrap());
    let app = Router::new().route("/", get(|| async { "ok" })).layer(limit);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app).await.unwrap();
    });
}
RUST
cat >"$tmp/app.mjs" <<'JS'
const [, , name, port] = process.argv;
const windowed = { windowMs: 3000, limit: 2 };
({
  async express() {
    const { rateLimit } = await import('express-rate-limit');
    const app = (await import('express')).default();
    app.use(rateLimit(windowed)).get('/', (request, reply) => reply.end()).listen(port);
  },
  async fastify() {
    const app = (await import('fastify')).default();
    await app.register(import('@fastify/rate-limit'), { max: 2, timeWindow: 3000 });
    app.get('/', async () => 'ok').listen({ port });
  },
  async koa() {
    const app = new (await import('koa')).default();
    const limit = (await import('koa-ratelimit')).default;
    app.use(limit({ driver: 'memory', db: new Map(), duration: 3000, max: 2, id: () => 'all' }));
    app.use((context) => { context.body = 'ok'; }).listen(port);
  },
  async koa2() {
    const app = new (await import('koa')).default();
    const { RateLimit } = (await import('koa2-ratelimit')).default;
    app.use(RateLimit.middleware({ interval: 3000, max: 2 }));
    app.use((context) => { context.body = 'ok'; }).listen(port);
  },
})[name]();
JS
cat >"$tmp/app.py" <<'PY'
import sys


def flask(strategy, port):
    from flask import Flask
    from flask_limiter import Limiter

    app = Flask("app")
    Limiter(lambda: "all", app=app, default_limits=["2 per 3 seconds"], storage_uri="memory://",
            headers_enabled=True, strategy=strategy)
    app.get("/")(lambda: "ok")
    app.run(port=port)


def slowapi(port):
    import uvicorn
    from fastapi import FastAPI, Request, Response
    from slowapi import Limiter, _rate_limit_exceeded_handler
    from slowapi.errors import RateLimitExceeded

    app = FastAPI()
    app.state.limiter = Limiter(key_func=lambda: "all", headers_enabled=True)
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)

    @app.get("/")
    @app.state.limiter.limit("2/3 seconds")
    async def answer(request: Request, response: Response):
        return "ok"
    uvicorn.run(app, port=port)


def quart(port):
    from datetime import timedelta
    from quart import Quart
    from quart_rate_limiter import RateLimiter, rate_limit

    app = Quart("app")
    RateLimiter(app)

    @app.get("/")
    @rate_limit(2, timedelta(seconds=3))
    async def answer():
        return "ok"
    app.run(port=port)


def drf(port):
    from wsgiref.simple_server import make_server
    import django
    from django.conf import settings
    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", REST_FRAMEWORK={
        "UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []})
    django.setup()
    from django.core.wsgi import get_wsgi_application
    from django.urls import path
    from rest_framework.response import Response
    from rest_framework.throttling import SimpleRateThrottle
    from rest_framework.views import APIView

    class Limit(SimpleRateThrottle):
        rate = "2/3s"

        def parse_rate(self, rate):
            return 2, 3

        def get_cache_key(self, request, view):
            return "all"

    class Answer(APIView):
        throttle_classes = [Limit]

        def get(self, request):
            return Response("ok")
    global urlpatterns
    urlpatterns = [path("", Answer.as_view())]
    make_server("127.0.0.1", port, get_wsgi_application()).serve_forever()


name, port = sys.argv[1], int(sys.argv[2])
if name.startswith("flask-"):
    flask(name[6:], port)
else:
    globals()[name](port)
PY
cat >"$tmp/ask.py" <<'PY'
import http.client
import sys
import time


def ask():
    conn = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
    conn.request("GET", "/")
    answer = conn.getresponse()
    answer.read()
    return answer.status, ", ".join(answer.headers.get_all("Retry-After") or ["nothing"])


ask()
time.sleep(6)  # that what the first one took is free again
time.sleep((0.5 - time.time()) % 1)
let_in = [ask(), ask()]
time.sleep(float(sys.argv[2]))
status, told = ask()
assert {let_in[0][0], let_in[1][0], status} == {200, 429}, (let_in, status)
time.sleep(int(told.split(",")[0]))
print(f"{let_in[0][0]} told {let_in[0][1]}; {status} told {told}; then %s told %s" % ask())
PY
# asks NAME WANT COMMAND...: what the limiter on $own says, asked $after s after the first two.
after=0.7
asks() {
	name=$1
	want=$2
	shift 2
	start "$own" env -C "$tmp" "$@"
	expect "$name" "$want" "$(run python3 ask.py "$own" $after)"
	own=$(free_port)
}

own=$(free_port)
well="200 told nothing; 429 told 3; then 200 told nothing"
asks express-rate-limit "$well" node app.mjs express "$own"
asks @fastify/rate-limit "$well" node app.mjs fastify "$own"
asks "Django REST framework" "$well" "$python" app.py drf "$own"
asks httprate "$well" go/find httprate "$own"
asks koa-ratelimit "200 told nothing; 429 told 2; then 429 told 0" node app.mjs koa "$own"
asks tower_governor "200 told nothing; 429 told 1; then 429 told 0" crate/target/debug/find "$own"
asks "Flask-Limiter, fixed window" "200 told 3; 429 told 2; then 429 told 0" \
	"$python" app.py flask-fixed-window "$own"
asks "Flask-Limiter, moving window" "200 told 3; 429 told 2; then 429 told 0" \
	"$python" app.py flask-moving-window "$own"
asks slowapi "200 told 3; 429 told 3; then 200 told 3" "$python" app.py slowapi "$own"
asks quart-rate-limiter "200 told nothing; 429 told 1, 1; then 200 told nothing" \
	"$python" app.py quart "$own"
start "$own" "$tmp/go/find" sliding "$own"
expect "Fiber, sliding window" "then 429" "$(run python3 ask.py "$own" $after | grep -o 'then 429')"
own=$(free_port)
after=2.2
asks "express-rate-limit, later" "200 told nothing; 429 told 1; then 200 told nothing" \
	node app.mjs express "$own"
asks "koa2-ratelimit, later" "$well" node app.mjs koa2 "$own"
find_end
