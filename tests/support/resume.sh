# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_resume*.sh, to be sourced: bodies that break off, read in each way of waiting.

# each_wait LIBRARY: of tests/resume/server.py's bodies those of $goes_on go on under it, and those of
# $ends end as bare. `asked` and `policy` are the caller's, as is $dir.
each_wait() {
	for how in block poll epoll select; do
		# shellcheck disable=SC2086 # lists
		asked "" $how $goes_on $ends >"$dir/bare"
		policy 5000
		# shellcheck disable=SC2086
		asked "$1" $how $goes_on >"$dir/got"
		equal "$how: bodies that go on to their end" "$(echo "$goes_on" | wc -w)" \
			"$(grep -c ' 300000 right whole$\| 299000 right whole$' "$dir/got")"
		policy 500
		# shellcheck disable=SC2086
		asked "$1" $how $ends >"$dir/got"
		none "$how: what cannot be gone on with ends as bare: the same bytes, the same error" \
			"$(grep -vxFf "$dir/bare" "$dir/got")"
		equal "$how: so many were asked" "$(echo "$ends" | wc -w)" "$(grep -c right "$dir/got")"
	done
}
