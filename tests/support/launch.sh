# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # dir is of the check
# For tests/check_*.sh that look at a launch while it runs, to be sourced from the top of the tree
# once $dir is made: one launch at a time of a program that says when it is ready on its standard
# output, and is asked through its standard input: descriptors 4 and 3 here.

launched=

# launch COMMAND...: sets launched, its process id; returns when it has said a line.
launch() {
	mkfifo "$dir/launch_in" "$dir/launch_out"
	"$@" <"$dir/launch_in" >"$dir/launch_out" &
	launched=$!
	exec 3>"$dir/launch_in" 4<"$dir/launch_out"
	rm "$dir/launch_in" "$dir/launch_out"
	read -r _ <&4
}

end_launch() {
	exec 3>&- 4<&-
	wait "$launched"
	launched=
}
