# SPDX-License-Identifier: MIT
# Three requests, the second by METHOD: kinds.tcl FOLDER PORT METHOD.
package require tls
lassign $argv folder port method
set conn [tls::socket -cafile $folder/trusted.pem -require 1 -servername localhost localhost $port]
fconfigure $conn -translation binary -buffering full
foreach i {1 2 3} {
	after 25
	set posts [expr {$i == 2 && $method eq "POST"}]
	set how [expr {$posts ? "POST" : "GET"}]
	set body [expr {$posts ? "x" : ""}]
	if {[catch {
		puts -nonewline $conn "$how /$i HTTP/1.1\r\nHost: localhost\r\n"
		if {$posts} {puts -nonewline $conn "Content-Length: 1\r\n"}
		puts -nonewline $conn "\r\n$body"
		flush $conn
		while {[gets $conn line] > 1} {}
		set answer [read $conn 6]
		if {[string length $answer] < 6} {error end}
	} error]} {
		puts error
	} else {
		puts [string trim $answer]
	}
}
