#!/bin/sh
# SPDX-License-Identifier: MIT
# Retry clients of Node; the server answers 503 with a Retry-After 2 s ahead, in each of the forms
#   of RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", that of RFC 850, and that of asctime().
# Guess: the three say the same, whatever the time zone of the machine: all are in UTC, and a
#   recipient must accept all three.
# Instead: got and ky do read them so. undici and the Azure SDK's pipeline take the asctime form for
#   local time: in Tokyo it is nine hours past, and they ask again at once or after their own
#   first wait; in New York it is hours ahead, and undici waits its 30 s, the Azure pipeline
#   the hours.
# Matters: a server that asks for two seconds is asked again at once, or not before the night; on a
#   machine in UTC no test shows it.
# Versions: undici 7.30.2, @azure/core-rest-pipeline 1.24.0, got 16.1.0, ky 2.1.0; Node 20.20.2.
# Seen 2026-11-29, waited at least 1.5 s in Tokyo: the first two forms all; asctime got and ky.
#   In New York undici and the Azure pipeline did not ask again within
#   15 s; in UTC all is well.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2 @azure/core-rest-pipeline@1.24.0 got@16.1.0 ky@2.1.0
# The server lives two minutes: two of them.
serve_late() {
	serve <<'PY'
FORMS = {"fixdate": "%a, %d %b %Y %H:%M:%S GMT", "rfc850": "%A, %d-%b-%y %H:%M:%S GMT",
         "asctime": "%a %b %e %H:%M:%S %Y"}
asked = {}


def handle(conn):
    while conn.request():
        if conn.path in asked:
            conn.ok("Waited: " + ("yes" if time.time() - asked[conn.path] > 1.5 else "no"))
            continue
        asked[conn.path] = time.time()
        at = time.gmtime(time.time() + 2.99)
        conn.send("HTTP/1.1 503 No", "Content-Length: 0",
                  "Retry-After: " + time.strftime(FORMS[conn.path.split("/")[2]], at))
PY
}

cat >"$tmp/find.mjs" <<'JS'
const url = `http://127.0.0.1:${process.env.port}${process.argv[2]}`;
const clients = {
  async undici() {
    const { Agent, RetryAgent, request } = await import('undici');
    return (await request(url, { dispatcher: new RetryAgent(new Agent()) })).headers.waited;
  },
  async azure() {
    const azure = await import('@azure/core-rest-pipeline');
    const made = azure.createPipelineRequest({ url, allowInsecureConnection: true });
    const pipeline = azure.createPipelineFromOptions({});
    const answer = await pipeline.sendRequest(azure.createDefaultHttpClient(), made);
    return answer.headers.get('waited');
  },
  async got() {
    return (await (await import('got')).default(url)).headers.waited;
  },
  async ky() {
    return (await (await import('ky')).default(url)).headers.get('waited');
  },
};
console.log(await clients[process.argv[2].split('/')[1]]());
process.exit();
JS
# waits CLIENT FORM ZONE: whether it waited before it asked again, or that it did not ask.
waits() {
	run timeout 15 env "TZ=$3" node find.mjs "/$1/$2/$3" || echo "not within 15 s"
}

serve_late
for name in undici azure got ky; do
	for form in fixdate rfc850; do
		expect "$name in Tokyo waits, $form" yes "$(waits $name $form Asia/Tokyo)"
	done
done
for zone in Asia/Tokyo America/New_York; do
	for name in got ky; do
		expect "$name waits, asctime, $zone" yes "$(waits $name asctime $zone)"
	done
done
serve_late
for name in undici azure; do
	expect "$name waits, asctime, Asia/Tokyo" no "$(waits $name asctime Asia/Tokyo)"
	expect "$name waits, asctime, America/New_York" "not within 15 s" \
		"$(waits $name asctime America/New_York)"
	expect "$name waits, asctime, UTC" yes "$(waits $name asctime UTC)"
done
find_end
