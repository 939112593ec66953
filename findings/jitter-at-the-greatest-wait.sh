#!/bin/sh
# SPDX-License-Identifier: MIT
# Retry libraries with exponential waits from 0.5 s, a greatest wait of 1 s, and jitter on; which
#   waits they take from the twelfth on.
# Guess: spread over some time that ends at 1 s.
# Instead: six wait up to 1.5 or 2 s. With twelve every wait is 1 s sharp: they add the jitter and cut
#   it off with the rest, so it is gone once the greatest wait is reached.
# Matters: while a server is down all its clients get there, and come back in step, which is what
#   jitter was to prevent; or a deadline counted from the greatest wait is missed.
# Versions: beyond it cenkalti/backoff 5.0.3, failsafe-go 0.9.8, Failsafe 3.3.2, backoff 2.5.0 (npm),
#   aiohttp-retry 2.9.1, retrying 1.4.2; no jitter: retry 0.13.1, async-retry 1.3.3, p-retry 6.2.1,
#   tenacity 9.2.1 (wait_exponential_jitter), urllib3 2.8.0, avast/retry-go 4.7.0, resilience4j
#   2.4.0, spring-retry 2.0.12, stamina 26.1.0, httpx-retries 0.6.0, jpillora/backoff 1.1.0,
#   cockatiel 4.0.0; as guessed backoff 2.2.1 (PyPI), google-api-core 2.44.0, @lifeomic/attempt
#   3.1.0, exponential-backoff 3.1.3.
# Seen 2026-11-29: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_go github.com/cenkalti/backoff/v5@v5.0.3 github.com/jpillora/backoff@v1.1.0 \
	github.com/failsafe-go/failsafe-go/retrypolicy@v0.9.8 github.com/avast/retry-go/v4@v4.7.0 <<'GO'
package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/avast/retry-go/v4"
	cenkalti "github.com/cenkalti/backoff/v5"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/jpillora/backoff"
)

const first, most = 500 * time.Millisecond, time.Second

type timer struct{ tries int }

func told(name string, wait time.Duration) { fmt.Println(name, wait.Seconds()/most.Seconds()) }

func (t *timer) After(wait time.Duration) <-chan time.Time {
	if t.tries++; t.tries > 11 {
		told("avast/retry-go", wait)
	}
	now := make(chan time.Time, 1)
	now <- time.Time{}
	return now
}

func main() {
	c := cenkalti.NewExponentialBackOff()
	c.InitialInterval, c.MaxInterval = first, most
	c.Reset()
	j := backoff.Backoff{Min: first, Max: most, Jitter: true}
	for i := 0; i < 200; i++ {
		if wait := c.NextBackOff(); i > 10 {
			told("cenkalti/backoff", wait)
			told("jpillora/backoff", j.ForAttempt(float64(i)))
		}
	}
	fails := func() error { return errors.New("fails") }
	retry.Do(fails, retry.Attempts(60), retry.Delay(first), retry.MaxDelay(most),
		retry.MaxJitter(first), retry.WithTimer(&timer{}))
	// It sleeps: a hundredth of the time.
	tries := 0
	policy := retrypolicy.NewBuilder[any]().WithMaxRetries(100).WithJitterFactor(0.5).
		WithBackoff(first/100, most/100).
		OnRetryScheduled(func(event failsafe.ExecutionScheduledEvent[any]) {
			if tries++; tries > 11 {
				told("failsafe-go", event.Delay*100)
			}
		}).Build()
	failsafe.With(policy).Run(fails)
}
GO
get_npm retry@0.13.1 async-retry@1.3.3 p-retry@6.2.1 backoff@2.5.0 cockatiel@4.0.0 \
	@lifeomic/attempt@3.1.0 exponential-backoff@3.1.3
cat >"$tmp/find.mjs" <<'JS'
import { retry as attempt } from '@lifeomic/attempt';
import asyncRetry from 'async-retry';
import backoff from 'backoff';
import { ExponentialBackoff } from 'cockatiel';
import { backOff } from 'exponential-backoff';
import pRetry from 'p-retry';
import retry from 'retry';

const told = (name, wait) => console.log(name, wait / 1000);
const npm = new backoff.ExponentialStrategy({
  randomisationFactor: 0.5, initialDelay: 500, maxDelay: 1000,
});
let step = new ExponentialBackoff({ initialDelay: 500, maxDelay: 1000 }).next();
for (let i = 0; i < 200; i++, step = step.next()) {
  const wait = npm.next();
  if (i < 11) continue;
  told('backoff', wait);
  told('cockatiel', step.duration);
  told('retry', retry.createTimeout(i, {
    minTimeout: 500, maxTimeout: 1000, factor: 2, randomize: true,
  }));
}

const sleep = setTimeout;
const fails = async () => { throw new Error('fails'); };
const sleeping = {
  '@lifeomic/attempt': () => attempt(fails, {
    delay: 500, factor: 2, maxDelay: 1000, jitter: true, maxAttempts: 60,
  }),
  'exponential-backoff': () => backOff(fails, {
    startingDelay: 500, timeMultiple: 2, maxDelay: 1000, jitter: 'full', numOfAttempts: 60,
  }),
  'async-retry': () => asyncRetry(fails, {
    minTimeout: 500, maxTimeout: 1000, retries: 60, randomize: true,
  }),
  'p-retry': () => pRetry(fails, {
    minTimeout: 500, maxTimeout: 1000, retries: 60, randomize: true,
  }),
};
for (const [name, run] of Object.entries(sleeping)) {
  let tries = 0;
  globalThis.setTimeout = (done, wait, ...more) => {
    if (++tries > 11) told(name, wait);
    return sleep(done, 0, ...more);
  };
  await run().catch(() => {});
}
JS
get_pip tenacity==9.2.1 stamina==26.1.0 backoff==2.2.1 retrying==1.4.2 urllib3==2.8.0 httpx==0.28.1 \
	httpx-retries==0.6.0 aiohttp-retry==2.9.1 google-api-core==2.44.0
cat >"$tmp/find.py" <<'PY'
import time

waits = []
time.sleep = waits.append

import aiohttp_retry
import backoff
import google.api_core.retry
import httpx_retries
import retrying
import stamina
import tenacity
import urllib3.util


def told(name, run):
    waits.clear()
    try:
        run()
    except Exception:
        pass
    for wait in waits[11:]:
        print(name, wait)


def fails():
    raise ValueError


def by_stamina():
    for attempt in stamina.retry_context(on=ValueError, attempts=60, timeout=None,
                                         wait_initial=0.5, wait_max=1, wait_jitter=1):
        with attempt:
            fails()


def by_urllib3():
    retry = urllib3.util.Retry(60, backoff_factor=0.5, backoff_max=1, backoff_jitter=1)
    while True:
        retry = retry.increment("GET", "/", error=urllib3.exceptions.ProtocolError())
        retry.sleep()


def by_httpx_retries():
    retry = httpx_retries.Retry(total=60, backoff_factor=0.5, max_backoff_wait=1)
    while retry.attempts_made < 60:
        retry = retry.increment()
        waits.append(retry.backoff_strategy())

aio = aiohttp_retry.JitterRetry(start_timeout=0.5, max_timeout=1, random_interval_size=1)
told("tenacity", lambda: tenacity.Retrying(
    wait=tenacity.wait_exponential_jitter(0.5, max=1, jitter=0.5),
    stop=tenacity.stop_after_attempt(60))(fails))
told("stamina", by_stamina)
told("backoff.py", backoff.on_exception(backoff.expo, ValueError, max_tries=60, factor=0.5,
                                        max_value=1)(fails))
told("retrying", lambda: retrying.Retrying(
    wait_exponential_multiplier=500, wait_exponential_max=1000, wait_jitter_max=1000,
    stop_max_attempt_number=60).call(fails))
told("urllib3", by_urllib3)
told("httpx-retries", by_httpx_retries)
told("aiohttp-retry", lambda: waits.extend(aio.get_timeout(i) for i in range(60)))
told("google-api-core", lambda: waits.extend(
    wait for wait, _ in zip(google.api_core.retry.exponential_sleep_generator(0.5, 1), range(60))))
PY
get_maven io.github.resilience4j:resilience4j-retry:2.4.0 dev.failsafe:failsafe:3.3.2 \
	org.springframework.retry:spring-retry:2.0.12 org.springframework:spring-core:6.2.11
cat >"$tmp/Find.java" <<'JAVA'
import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import org.springframework.retry.backoff.ExponentialRandomBackOffPolicy;

public class Find {
    static void told(String name, int tries, double seconds) {
        if (tries > 11) System.out.println(name + " " + seconds);
    }

    public static void main(String[] args) {
        var resilience4j = IntervalFunction.ofExponentialRandomBackoff(500L, 2.0, 0.5, 1000L);
        int[] tries = {0};
        var spring = new ExponentialRandomBackOffPolicy();
        spring.setInitialInterval(500);
        spring.setMultiplier(2);
        spring.setMaxInterval(1000);
        spring.setSleeper(wait -> told("spring-retry", ++tries[0], wait / 1000.0));
        var context = spring.start(null);
        for (int i = 1; i < 60; i++) {
            told("resilience4j", i, resilience4j.apply(i) / 1000.0);
            spring.backOff(context);
        }
        // It sleeps: a hundredth of the time.
        RetryPolicy<Object> policy = RetryPolicy.builder().withMaxRetries(60).withJitter(0.5)
            .withBackoff(Duration.ofMillis(5), Duration.ofMillis(10))
            .onRetryScheduled(e -> told("failsafe", e.getAttemptCount(), e.getDelay().toNanos() / 1e7))
            .build();
        try {
            Failsafe.with(policy).run(() -> { throw new IllegalStateException(); });
        } catch (IllegalStateException e) {
            System.exit(0);
        }
    }
}
JAVA
{
	run go/find
	run node find.mjs
	run "$python" find.py
	run_java Find.java
} >"$tmp/waits"

# spread NAME: how its waits lie to the greatest wait, which is 1.
spread() {
	awk -v name="$1" '$1 == name {
		if (!n++ || $2 < low) low = $2
		if ($2 > high) high = $2
	} END {
		if (n < 20) print "only " n " waits"
		else if (high > 1.05) print "beyond"
		else if (low > 0.999) print "no jitter"
		else print "within"
	}' "$tmp/waits"
}

for name in cenkalti/backoff failsafe-go failsafe backoff aiohttp-retry retrying; do
	expect "the waits of $name" beyond "$(spread $name)"
done
for name in retry async-retry p-retry tenacity urllib3 avast/retry-go resilience4j spring-retry \
	stamina httpx-retries jpillora/backoff cockatiel; do
	expect "the waits of $name" "no jitter" "$(spread $name)"
done
for name in backoff.py google-api-core @lifeomic/attempt exponential-backoff; do
	expect "the waits of $name" within "$(spread $name)"
done
find_end
