#!/bin/sh
# SPDX-License-Identifier: MIT
# Six readers of pcapng, given one packet of 1795930000.5 s, told in the ways that the format allows:
# microseconds, the default; nanoseconds (if_tsresol 9); 2^-32 s (if_tsresol 0xa0); microseconds from
# an offset (if_tsoffset); on the second of two interfaces, which alone counts nanoseconds, as two
# captures merged into one do; in microseconds in a second section behind one of nanoseconds, as two
# files joined by cat are.
# Guess: all read all; at worst one says that it cannot.
# Instead: only libpcap reads all. pcap-file takes the default microseconds for nanoseconds, which makes
#   it January 1970; dpkt takes the first interface's unit for all, the year 58880; scapy and
#   python-pcapng leave the offset out; scapy and dpkt go on with the first section's interfaces;
#   gopacket is 37 ms off at 2^-32. None says anything.
# Matters: times between a request and its reset, read from a merged capture, are wrong by a factor of a
#   thousand on one interface and right on the other.
# Versions: dpkt 1.9.8, scapy 2.8.0, python-pcapng 2.1.1 on Python 3.11.7; gopacket/gopacket 1.7.7;
#   pcap-file 2.0.0 (Rust); tcpdump 4.99.3 with libpcap 1.10.3 of Debian 12.
# Seen 2026-11-29, in the order above: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip dpkt==1.9.8 scapy==2.8.0 python-pcapng==2.1.1
get_deb tcpdump=4.99.3-1 libpcap0.8=1.10.3-1
cat >"$tmp/write.py" <<'PY'
import struct


def block(kind, body):
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def interface(code=None, value=b""):
    options = b""
    if code:
        options = struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4) + bytes(4)
    return block(1, struct.pack("<HHI", 1, 0, 65535) + options)


def packet(number, time):
    return block(6, struct.pack("<IIIII", number, time >> 32, time & 0xffffffff, 16, 16) + b"\xff" * 16)


section = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
start = 1795930000
micro, nano = start * 10**6 + 5 * 10**5, start * 10**9 + 5 * 10**8
tsresol, tsoffset = 9, 14
nanoseconds = interface(tsresol, b"\x09")
files = {
    "micro": interface() + packet(0, micro),
    "nano": nanoseconds + packet(0, nano),
    "binary": interface(tsresol, b"\xa0") + packet(0, (start << 32) + (1 << 31)),
    "offset": interface(tsoffset, struct.pack("<q", start)) + packet(0, 5 * 10**5),
    "merged": interface() + nanoseconds + packet(1, nano),
    "joined": nanoseconds + section + interface() + packet(0, micro),
}
for name, blocks in files.items():
    with open(name + ".pcapng", "wb") as out:
        out.write(section + blocks)
PY
cat >"$tmp/find.py" <<'PY'
import sys


def dpkt(name):
    import dpkt
    return next(iter(dpkt.pcapng.Reader(open(name, "rb"))))[0]


def scapy(name):
    from scapy.utils import PcapNgReader
    return next(iter(PcapNgReader(name))).time


def pcapng(name):
    from pcapng import FileScanner, blocks
    return next(block.timestamp for block in FileScanner(open(name, "rb"))
                if isinstance(block, blocks.EnhancedPacket))


for name in sys.argv[2:]:
    print("%.4f" % float(globals()[sys.argv[1]](name + ".pcapng")))
PY
get_go github.com/gopacket/gopacket@v1.7.7 github.com/gopacket/gopacket/pcapgo@v1.7.7 <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/gopacket/gopacket/pcapgo"
)

func main() {
	for _, name := range os.Args[1:] {
		file, _ := os.Open(name + ".pcapng")
		reader, err := pcapgo.NewNgReader(file, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			fmt.Println(err)
			continue
		}
		_, info, _ := reader.ReadPacketData()
		fmt.Printf("%.4f\n", float64(info.Timestamp.UnixNano())/1e9)
	}
}
GO
get_cargo 'pcap-file = "=2.0.0"' <<'RUST'
use pcap_file::pcapng::{Block, PcapNgReader};

fn main() {
    for name in std::env::args().skip(1) {
        let file = std::fs::File::open(name + ".pcapng").unwrap();
        let mut reader = PcapNgReader::new(file).unwrap();
        while let Some(block) = reader.next_block() {
            if let Block::EnhancedPacket(packet) = block.unwrap() {
                println!("{:.4}", packet.timestamp.as_secs_f64());
            }
        }
    }
}
RUST
run python3 write.py
names="micro nano binary offset merged joined"
right=1795930000.5000
# shellcheck disable=SC2317 # called by found
by_libpcap() {
	for name in $names; do
		run env "LD_LIBRARY_PATH=$libs" deb/usr/bin/tcpdump -Z root -nttr $name.pcapng |
			awk '/^[0-9]/ { printf "%.4f\n", $1 }'
	done
}
# found READER WANT COMMAND...: READER's times of the six files, "=" where they are right.
found() {
	reader=$1
	want=$2
	shift 2
	got=$("$@" | sed "s/^$right$/=/" | paste -sd ' ' -)
	expect "$reader" "$want" "$got"
}

found libpcap "= = = = = =" by_libpcap
# shellcheck disable=SC2086 # a list of names
{
	found dpkt "= = = = 1795930000500.0000 1795930.0005" run "$python" find.py dpkt $names
	found scapy "= = = 0.5000 = 1795930.0005" run "$python" find.py scapy $names
	found python-pcapng "= = = 0.5000 = =" run "$python" find.py pcapng $names
	found gopacket "= = 1795930000.5369 = = =" run go/find $names
	found pcap-file "1795930.0005 = 7713460618.0528 0.0005 = 1795930.0005" \
		run crate/target/debug/find $names
}
find_end
