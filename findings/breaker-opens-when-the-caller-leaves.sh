#!/bin/sh
# SPDX-License-Identifier: MIT
# Circuit breakers around a call to a healthy server; the caller calls it off, by the means of its
#   language, eight times in turn.
# Guess: this says nothing of the server: none counts it, all stay closed.
# Instead: five count it as a failure and open; from then on calls are refused that would have been
#   answered. pybreaker counts Ctrl-C as well.
# Matters: users who leave a slow page, or a request that was raced against another and lost, close
#   a sound server off; a retry behind it then meets an open breaker.
# Versions: gobreaker 2.4.0, cockatiel 4.0.0, opossum 10.0.0, pybreaker 1.4.1, purgatory 3.0.1; not
#   aiobreaker 1.2.0, circuitbreaker 2.1.3.
# Seen 2026-11-29, each to open after five failures (gobreaker by itself after six): open, and two closed.
. "$(dirname "$0")/support/find.sh"

get_go github.com/sony/gobreaker/v2@v2.4.0 <<'GO'
package main

import (
	"context"
	"fmt"

	"github.com/sony/gobreaker/v2"
)

func main() {
	breaker := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{})
	for i := 0; i < 8; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		breaker.Execute(func() (int, error) { return 0, ctx.Err() })
	}
	fmt.Println("gobreaker", breaker.State())
}
GO
get_npm cockatiel@4.0.0 opossum@10.0.0
cat >"$tmp/find.mjs" <<'JS'
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import CircuitBreaker from 'opossum';

const call = ({ signal }) => new Promise((done, failed) => {
  signal.addEventListener('abort', () => failed(signal.reason));
});
const cockatiel = circuitBreaker(handleAll, {
  halfOpenAfter: 60000, breaker: new ConsecutiveBreaker(5),
});
const opossum = new CircuitBreaker(call, { volumeThreshold: 5 });
for (let i = 0; i < 8; i++) {
  for (const made of [(s) => cockatiel.execute(call, s), (s) => opossum.fire({ signal: s })]) {
    const caller = new AbortController();
    const ends = made(caller.signal).catch(() => {});
    caller.abort();
    await ends;
  }
}
console.log('cockatiel', CircuitState[cockatiel.state].toLowerCase());
console.log('opossum', opossum.opened ? 'open' : 'closed');
process.exit();
JS
get_pip pybreaker==1.4.1 purgatory==3.0.1 aiobreaker==1.2.0 circuitbreaker==2.1.3
cat >"$tmp/find.py" <<'PY'
import asyncio

import aiobreaker
import circuitbreaker
import purgatory
import pybreaker
from purgatory.domain.model import OpenedState


async def call():
    await asyncio.sleep(30)


async def called_off(made):
    for _ in range(8):
        task = asyncio.ensure_future(made())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def interrupted():
    raise KeyboardInterrupt


async def main():
    aio = aiobreaker.CircuitBreaker(fail_max=5)
    await called_off(lambda: aio.call_async(call))
    print("aiobreaker", aio.current_state.name.lower())
    plain = circuitbreaker.CircuitBreaker(failure_threshold=5)
    await called_off(plain(call))
    print("circuitbreaker", plain.state)
    breakers = purgatory.AsyncCircuitBreakerFactory(default_threshold=5)

    async def within():
        async with await breakers.get_breaker("server"):
            await call()
    await called_off(within)
    try:
        async with await breakers.get_breaker("server"):
            print("purgatory closed")
    except OpenedState:
        print("purgatory open")
    py = pybreaker.CircuitBreaker(fail_max=5)
    for _ in range(8):
        try:
            py.call(interrupted)
        except (KeyboardInterrupt, pybreaker.CircuitBreakerError):
            pass
    print("pybreaker", py.current_state)

asyncio.run(main())
PY
{
	run go/find
	run node find.mjs
	run "$python" find.py
} >"$tmp/out"

for name in gobreaker cockatiel opossum purgatory pybreaker; do
	expect "the breaker of a healthy server" "$name open" "$(grep "^$name" "$tmp/out")"
done
for name in aiobreaker circuitbreaker; do
	expect "the breaker of a healthy server" "$name closed" "$(grep "^$name" "$tmp/out")"
done
find_end
