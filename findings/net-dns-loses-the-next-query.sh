#!/bin/sh
# SPDX-License-Identifier: MIT
# Clients of Debian 12, PyPI and Maven told to stay with their TCP connection, beside a server that
#   closes it after an answer, or with the next query read.
# Guess: all notice, ask again on a fresh connection (RFC 7766 6.2.3, 6.2.4) and give the answer.
# Instead: with Net::DNS the query behind a close fails, "corrupt wire-format data", without a new
#   connection, retry being 2; where the server closed with a query read, the one after it fails in
#   the same way, and never reaches it. kdig, with +retry=2, gives up the query behind a close and
#   goes on with the next. dnsjava asks again behind a close, but not where the query was read.
#   c-ares and dig do as guessed.
# Matters: servers end idle TCP connections within seconds, and each time a query fails that would
#   have been answered, by a message that blames the data.
# Versions: Net::DNS 1.36, kdig 3.2.6, dnsjava 3.6.3; not c-ares below pycares 5.2.1, dig 9.18.49.
# Seen 2026-11-29, queries one after the other: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb libnet-dns-perl=1.36-1+deb12u1 knot-dnsutils=3.2.6-1 libknot13=3.2.6-1 libdnssec9=3.2.6-1 \
	libzscanner4=3.2.6-1 libxdp1=1.3.1-1 libbpf1=1:1.1.2-0+deb12u1 libfstrm0=0.6.1-1 \
	libprotobuf-c1=1.4.1-1+b1 bind9-dnsutils=1:9.18.49-1~deb12u3 bind9-libs=1:9.18.49-1~deb12u3
get_pip pycares==5.2.1
cat >"$tmp/server.py" <<'PY'
import os
import socket
import sys
import threading


def read(conn, count):
    data = b""
    while len(data) < count:
        more = conn.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def handle(conn, number, log):
    asked = 0
    while True:
        query = read(conn, int.from_bytes(read(conn, 2), "big"))
        asked += 1
        label = query[13:13 + query[12]].decode().lower()
        print(number, label, file=log, flush=True)
        if label.startswith("gone") and asked > 1:
            return
        end = query.index(b"\0", 12) + 5
        # An address that ends in the number in the name.
        address = bytes((192, 0, 2, int(label[-1])))
        answer = (query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end]
                  + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + address)
        conn.sendall(len(answer).to_bytes(2, "big") + answer)
        if label.startswith("last"):
            return


def run(conn, number, log):
    try:
        handle(conn, number, log)
    except (EOFError, OSError):
        pass
    conn.close()


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Timer(120, os._exit, [0]).start()
number = 0
with open(sys.argv[2], "w") as log:
    while True:
        number += 1
        threading.Thread(target=run, args=(listener.accept()[0], number, log), daemon=True).start()
PY
cat >"$tmp/find.pl" <<'PL'
use strict;
use Net::DNS;

my ($port, @names) = @ARGV;
my $resolver = Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $port, usevc => 1,
	persistent_tcp => 1, tcp_timeout => 5, retry => 2, retrans => 1);
for my $name (@names) {
	my $answer = $resolver->send("$name.test.", 'A');
	my $why = $resolver->errorstring;
	$why =~ s/ at .*//s;
	print "$name: ", ($answer ? ($answer->answer)[0]->address : $why), "\n";
	select(undef, undef, undef, 0.3);
}
PL
cat >"$tmp/find.py" <<'PY'
import sys
import threading
import time

import pycares

port = int(sys.argv[1])
flags = pycares.ARES_FLAG_USEVC | pycares.ARES_FLAG_STAYOPEN
channel = pycares.Channel(servers=["127.0.0.1"], tcp_port=port, flags=flags, timeout=5, tries=2)
for name in sys.argv[2:]:
    done = threading.Event()

    def told(result, why):
        said = pycares.errno.strerror(why) if why else result.answer[0].data.addr
        print(f"{name}: {said}", flush=True)
        done.set()

    channel.query(name + ".test", pycares.QUERY_TYPE_A, callback=told)
    done.wait(10)
    time.sleep(0.3)
PY
get_maven dnsjava:dnsjava:3.6.3
cat >"$tmp/Find.java" <<'JAVA'
import org.xbill.DNS.*;

public class Find {
    public static void main(String[] args) throws Exception {
        SimpleResolver resolver = new SimpleResolver("127.0.0.1");
        resolver.setPort(Integer.parseInt(args[0]));
        resolver.setTCP(true);
        for (int i = 1; i < args.length; i++) {
            Name name = Name.fromString(args[i] + ".test.");
            String told;
            try {
                told = resolver.send(Message.newQuery(
                    org.xbill.DNS.Record.newRecord(name, Type.A, DClass.IN)))
                    .getSection(Section.ANSWER).get(0).rdataToString();
            } catch (java.io.IOException e) {
                told = "an error";
            }
            System.out.println(args[i] + ": " + told);
            Thread.sleep(300);
        }
        System.exit(0);
    }
}
JAVA

# tool NAME ARGUMENT...: the answers of dig or kdig to queries over one connection, told to ask again.
tool() {
	tool=$1
	shift
	LD_LIBRARY_PATH=$libs run "$tmp/deb/usr/bin/$tool" @127.0.0.1 -p "$own" +tcp +keepopen +noedns \
		+short "$@" | grep -v '^;;'
}

PERL5LIB="$tmp/deb/usr/share/perl5:$libs/perl5/5.36:$libs/perl5"
export PERL5LIB
own=$(free_port)
start "$own" python3 "$tmp/server.py" "$own" "$tmp/asked"

expect "Net::DNS, the server closing after the first" "last1: 192.0.2.1
next2: corrupt wire-format data
next3: 192.0.2.3
next4: 192.0.2.4" "$(run perl find.pl "$own" last1 next2 next3 next4)"
expect "times the server got the second" 0 "$(grep -c next2 "$tmp/asked")"
expect "Net::DNS, the server closing with the second read" "first1: 192.0.2.1
gone2: corrupt wire-format data
then3: corrupt wire-format data
then4: 192.0.2.4" "$(run perl find.pl "$own" first1 gone2 then3 then4)"
expect "times the server got the second" 1 "$(grep -c gone2 "$tmp/asked")"
expect "times the server got the third" 0 "$(grep -c then3 "$tmp/asked")"
expect "c-ares, the server closing after the first" "last1: 192.0.2.1
good2: 192.0.2.2" "$(run "$python" find.py "$own" last1 good2)"
expect "c-ares, the server closing with the second read" "first1: 192.0.2.1
gone2: 192.0.2.2" "$(run "$python" find.py "$own" first1 gone2)"
expect "kdig, the server closing after the first" "192.0.2.1
192.0.2.3" "$(tool kdig +retry=2 last1.test kdig2.test kdig3.test)"
expect "times the server got its second" 0 "$(grep -c kdig2 "$tmp/asked")"
expect "dig, the server closing after the first" "192.0.2.1
192.0.2.2
192.0.2.3" "$(tool dig last1.test dig2.test dig3.test)"
expect "dnsjava, the server closing after the first" "last1: 192.0.2.1
next2: 192.0.2.2" "$(run_java Find.java "$own" last1 next2)"
expect "dnsjava, the server closing with the second read" "first1: 192.0.2.1
gone2: an error
then3: 192.0.2.3" "$(run_java Find.java "$own" first1 gone2 then3)"
find_end
