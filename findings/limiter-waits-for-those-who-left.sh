#!/bin/sh
# SPDX-License-Identifier: MIT
# Rate limiters of one call a second. One call is made; five callers wait in the queue, and after a
#   moment are called off in the order in which they came; then one more call comes.
# Guess: the five have made no call, so it waits for the rest of the second.
# Instead: three make it wait behind the places of the five, five seconds, in which no call at all is
#   let through. golang.org/x/time/rate gives a place back only if nobody came behind it.
# Matters: callers with deadlines leave when the queue is long; then the limiter holds a limit far
#   below its own, and those who come meet their deadlines as well.
# Versions: golang.org/x/time 0.16.0, failsafe-go 0.9.8 (smooth and bursty), resilience4j 2.4.0; not
#   aiolimiter 1.3.0, pyrate-limiter 4.5.1, asynciolimiter 1.2.0, throttled-py 3.5.0, p-queue 8.1.1.
# Seen 2026-11-29, the last call's wait: about 4.7 s; about 0.8 s.
. "$(dirname "$0")/support/find.sh"

get_go golang.org/x/time/rate@v0.16.0 github.com/failsafe-go/failsafe-go/ratelimiter@v0.9.8 <<'GO'
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"golang.org/x/time/rate"
)

const moment = 20 * time.Millisecond

func told(name string, take func(context.Context) error) {
	take(context.Background())
	var leave [5]context.CancelFunc
	for i := range leave {
		var ctx context.Context
		ctx, leave[i] = context.WithCancel(context.Background())
		go take(ctx)
		time.Sleep(moment)
	}
	for _, cancel := range leave {
		cancel()
		time.Sleep(moment)
	}
	began := time.Now()
	take(context.Background())
	fmt.Println(name, time.Since(began).Seconds())
}

func main() {
	told("x/time/rate", rate.NewLimiter(1, 1).Wait)
	most := time.Minute
	told("failsafe-go-smooth", ratelimiter.NewSmoothBuilder[any](1, time.Second).
		WithMaxWaitTime(most).Build().AcquirePermit)
	told("failsafe-go-bursty", ratelimiter.NewBurstyBuilder[any](1, time.Second).
		WithMaxWaitTime(most).Build().AcquirePermit)
}
GO
get_maven io.github.resilience4j:resilience4j-ratelimiter:2.4.0
cat >"$tmp/Find.java" <<'JAVA'
import io.github.resilience4j.ratelimiter.*;
import java.time.Duration;

public class Find {
    public static void main(String[] args) throws Exception {
        RateLimiter limiter = RateLimiter.of("one", RateLimiterConfig.custom().limitForPeriod(1)
            .limitRefreshPeriod(Duration.ofSeconds(1)).timeoutDuration(Duration.ofMinutes(1)).build());
        limiter.acquirePermission();
        Thread[] callers = new Thread[5];
        for (int i = 0; i < 5; i++) {
            callers[i] = new Thread(limiter::acquirePermission);
            callers[i].start();
            Thread.sleep(20);
        }
        for (Thread caller : callers) {
            caller.interrupt();
            caller.join();
        }
        long began = System.nanoTime();
        limiter.acquirePermission();
        System.out.println("resilience4j " + (System.nanoTime() - began) / 1e9);
    }
}
JAVA
get_pip aiolimiter==1.3.0 pyrate-limiter==4.5.1 asynciolimiter==1.2.0 throttled-py==3.5.0
cat >"$tmp/find.py" <<'PY'
import asyncio
import time

import aiolimiter
import asynciolimiter
import pyrate_limiter
import throttled.asyncio as throttled


async def told(name, take):
    await take()
    callers = []
    for _ in range(5):
        callers.append(asyncio.ensure_future(take()))
        await asyncio.sleep(0.02)
    for caller in callers:
        caller.cancel()
        await asyncio.sleep(0.02)
    began = time.monotonic()
    await take()
    print(name, time.monotonic() - began)


async def main():
    await told("aiolimiter", aiolimiter.AsyncLimiter(1, 1).acquire)
    await told("asynciolimiter", asynciolimiter.Limiter(1).wait)
    pyrate = pyrate_limiter.Limiter(pyrate_limiter.Rate(1, pyrate_limiter.Duration.SECOND))
    await told("pyrate-limiter", lambda: pyrate.try_acquire_async("one"))
    quota = throttled.rate_limiter.per_sec(1, burst=1)
    await told("throttled-py", throttled.Throttled(
        key="one", using="gcra", quota=quota, timeout=60).limit)

asyncio.run(main())
PY
get_npm p-queue@8.1.1
cat >"$tmp/find.mjs" <<'JS'
import PQueue from 'p-queue';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const queue = new PQueue({ interval: 1000, intervalCap: 1 });
const take = (signal) => queue.add(async () => {}, { signal }).catch(() => {});
await take();
const callers = Array.from({ length: 5 }, () => new AbortController());
for (const caller of callers) {
  take(caller.signal);
  await sleep(20);
}
for (const caller of callers) {
  caller.abort();
  await sleep(20);
}
const began = performance.now();
await take();
console.log('p-queue', (performance.now() - began) / 1000);
JS
{
	run go/find
	run_java Find.java
	run "$python" find.py
	run node find.mjs
} >"$tmp/out"

# waits NAME: for what the last call of it waited.
waits() {
	awk -v name="$1" '$1 == name {
		print ($2 > 3) ? "the five" : ($2 < 1.5) ? "its turn" : $2
	}' "$tmp/out"
}

for name in x/time/rate failsafe-go-smooth failsafe-go-bursty resilience4j; do
	expect "what $name waits for" "the five" "$(waits $name)"
done
for name in aiolimiter asynciolimiter pyrate-limiter throttled-py p-queue; do
	expect "what $name waits for" "its turn" "$(waits $name)"
done
find_end
