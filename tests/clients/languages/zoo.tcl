# SPDX-License-Identifier: MIT
# Tcl's http with -keepalive, whose notifier waits in a thread of its own; called as every client is,
# then REST_MS.
package require http 2
lassign $argv base count method pause rest
set path /[join [lrange [split $base /] 3 end] /]
set failed 0
set start 0
fconfigure stdout -buffering line
proc open_fds {} { expr {[llength [glob -nocomplain /proc/[pid]/fd/*]]} }
proc fetch {i} {
	global base method path
	set more {}
	if {$method eq "POST"} { set more [list -query payload-$i] }
	set token [http::geturl $base-$i -keepalive 1 -timeout 20000 -headers [list X-Request-Id $i] {*}$more]
	set status [http::status $token]
	set code [http::ncode $token]
	set text [http::data $token]
	set why [http::error $token]
	http::cleanup $token
	if {$status ne "ok" || $code != 200} { error "$status $code $why" }
	if {[string first "\"path\":\"$path-$i\"" $text] < 0} { error "another answer: $text" }
}
for {set i 1} {$i <= $count} {incr i} {
	if {[catch {fetch $i} why]} {
		incr failed
		puts "error $i [lindex [split $why \n] 0]"
	} else {
		puts "ok $i 200"
	}
	if {$i == 2} { set start [open_fds] }
	if {$pause ne "" && $pause > 0 && $i < $count} { after $pause }
}
if {$rest ne "" && $rest > 0} {
	after $rest set over 1
	vwait over
}
puts "fds $start [open_fds]"
exit [expr {$failed > 0}]
