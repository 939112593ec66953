#!/bin/sh
# SPDX-License-Identifier: MIT
# Circuit breakers that have opened after failures; their waiting time is over, and twenty calls come
#   at once, each of which takes 0.3 s and fails.
# Guess: half-open, the breaker lets one call through for a trial, or as many as are set, and refuses
#   the others.
# Instead: three of Python let all twenty through: half-open is a state that each call passes until
#   the first one is back. The fourth, pybreaker, lets one through since it never lets more: its lock
#   is held while a call runs, so threads wait for each other on a closed breaker too.
# Matters: a server that just comes up, or still is down, gets the whole load at once, every time the
#   waiting time is over; that is what the breaker was to keep from it. Behind pybreaker a program
#   of many threads has one request under way.
# Versions: circuitbreaker 2.1.3, aiobreaker 1.2.0, purgatory 3.0.1; pybreaker 1.4.1; not gobreaker
#   2.4.0, cockatiel 4.0.0, opossum 10.0.0 (one each), failsafe-go 0.9.8 (five, its threshold).
# Seen 2026-11-29, of twenty calls: 20, 20, 20; 1; 1, 1, 1, 5. Ten threads of 0.1 s each, closed: more
#   than 0.9 s with pybreaker, less than 0.5 s with circuitbreaker.
. "$(dirname "$0")/support/find.sh"

get_pip pybreaker==1.4.1 circuitbreaker==2.1.3 aiobreaker==1.2.0 purgatory==3.0.1
cat >"$tmp/find.py" <<'PY'
import asyncio
import datetime
import threading
import time

import aiobreaker
import circuitbreaker
import purgatory
import pybreaker


def by_threads(name, call):
    through = []

    def fails(after=0.0):
        through.append(1)
        time.sleep(after)
        raise ValueError

    def one(after):
        try:
            call(lambda: fails(after))
        except Exception:
            pass

    for _ in range(10):
        one(0)
    time.sleep(1.2)
    through.clear()
    threads = [threading.Thread(target=one, args=(0.3,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(name, len(through))


async def by_tasks(name, call):
    through = []

    async def fails(after):
        through.append(1)
        await asyncio.sleep(after)
        raise ValueError

    for _ in range(10):
        await asyncio.gather(call(lambda: fails(0)), return_exceptions=True)
    await asyncio.sleep(1.2)
    through.clear()
    await asyncio.gather(*[call(lambda: fails(0.3)) for _ in range(20)], return_exceptions=True)
    print(name, len(through))


async def main():
    aio = aiobreaker.CircuitBreaker(fail_max=5, timeout_duration=datetime.timedelta(seconds=1))
    await by_tasks("aiobreaker", aio.call_async)
    breakers = purgatory.AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=1)

    async def within(call):
        async with await breakers.get_breaker("server"):
            await call()
    await by_tasks("purgatory", within)



def ten(name, call):
    threads = [threading.Thread(target=call, args=(lambda: time.sleep(0.1),)) for _ in range(10)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    print("ten:", name, "in turn" if took > 0.9 else "at once" if took < 0.5 else took)

py = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=1)
plain = circuitbreaker.CircuitBreaker(failure_threshold=5, recovery_timeout=1)
ten("pybreaker", py.call)
ten("circuitbreaker", lambda call: plain(call)())
by_threads("pybreaker", py.call)
by_threads("circuitbreaker", lambda call: plain(call)())
asyncio.run(main())
PY
get_npm cockatiel@4.0.0 opossum@10.0.0
cat >"$tmp/find.mjs" <<'JS'
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function told(name, call) {
  let through = 0;
  const fails = (after) => call(async () => {
    through++;
    await sleep(after);
    throw new Error('fails');
  }).catch(() => {});
  for (let i = 0; i < 10; i++) await fails(0);
  await sleep(1200);
  through = 0;
  await Promise.all(Array.from({ length: 20 }, () => fails(300)));
  console.log(name, through);
}
const cockatiel = circuitBreaker(handleAll, {
  halfOpenAfter: 1000, breaker: new ConsecutiveBreaker(5),
});
await told('cockatiel', (call) => cockatiel.execute(call));
const opossum = new CircuitBreaker((call) => call(), { volumeThreshold: 5, resetTimeout: 1000 });
await told('opossum', (call) => opossum.fire(call));
process.exit();
JS
get_go github.com/sony/gobreaker/v2@v2.4.0 \
	github.com/failsafe-go/failsafe-go/circuitbreaker@v0.9.8 <<'GO'
package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"
)

func told(name string, call func(func() error)) {
	var through int32
	fails := func(after time.Duration) {
		call(func() error {
			atomic.AddInt32(&through, 1)
			time.Sleep(after)
			return errors.New("fails")
		})
	}
	for i := 0; i < 10; i++ {
		fails(0)
	}
	time.Sleep(1200 * time.Millisecond)
	through = 0
	var calls sync.WaitGroup
	for i := 0; i < 20; i++ {
		calls.Add(1)
		go func() {
			fails(300 * time.Millisecond)
			calls.Done()
		}()
	}
	calls.Wait()
	fmt.Println(name, through)
}

func main() {
	sony := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{Timeout: time.Second})
	told("gobreaker", func(call func() error) {
		sony.Execute(func() (int, error) { return 0, call() })
	})
	safe := circuitbreaker.NewBuilder[any]().WithFailureThreshold(5).WithDelay(time.Second).Build()
	told("failsafe-go", func(call func() error) { failsafe.With(safe).Run(call) })
}
GO
{
	run "$python" find.py
	run node find.mjs
	run go/find
} >"$tmp/out"

for name in circuitbreaker aiobreaker purgatory; do
	expect "of twenty calls" "$name 20" "$(grep "^$name " "$tmp/out")"
done
for name in pybreaker gobreaker cockatiel opossum; do
	expect "of twenty calls" "$name 1" "$(grep "^$name " "$tmp/out")"
done
expect "of twenty calls" "failsafe-go 5" "$(grep ^failsafe-go "$tmp/out")"
expect "ten threads on a closed one" "ten: pybreaker in turn
ten: circuitbreaker at once" "$(grep ^ten: "$tmp/out")"
find_end
