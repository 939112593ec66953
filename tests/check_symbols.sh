#!/bin/sh
# SPDX-License-Identifier: MIT
# Each call of libc that takes a descriptor is hooked, and has a word for what it does while a
# placeholder lies there, or stands with its reason among those that need no hook.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
hooks=preload/hooks

sh $hooks/exports.sh names $hooks/symbols.def >"$tmp/hooked"
sed -n 's/^U(\([A-Za-z0-9_]*\), "..*")$/\1/p' $hooks/unhooked.def | sort >"$tmp/unhooked"
sort "$tmp/hooked" "$tmp/unhooked" >"$tmp/known"

# The headers of libc that know of descriptors, those of sys/ without their folder.
headers="aio arpa/inet dirent execinfo fcntl mqueue netdb poll pty sched signal spawn stdio stdlib
termios unistd wordexp sys/epoll sys/eventfd sys/fanotify sys/file sys/inotify sys/ioctl sys/mman
sys/mount sys/pidfd sys/select sys/sendfile sys/signalfd sys/socket sys/stat sys/statfs sys/statvfs
sys/time sys/timerfd sys/uio sys/wait sys/xattr"

# The functions that have a parameter named as one.
declared() {
	for header in $headers; do
		printf '#if __has_include(<%s.h>)\n#include <%s.h>\n#endif\n' "$header" "$header"
	done >"$tmp/all.c"
	gcc -E -P -D_GNU_SOURCE -U_FORTIFY_SOURCE "$tmp/all.c" | tr '\n' ' ' | tr ';{}' '\n' |
		grep -oE '[A-Za-z_0-9]+ \([^()]*int *[A-Za-z_]*(fd|fildes)[A-Za-z_0-9]*( *[,)]| .*)' |
		grep -oE '^[A-Za-z_0-9]+' | grep -vx sizeof | sort -u
}

# What such a look misses: descriptors in structures, in sets, by another name or by inheritance,
# and what the headers make of calls; after POSIX.1-2017 (XSH) and the manual pages of Linux.
others="aio_read aio_write aio_fsync lio_listio poll ppoll select pselect sendmsg sendmmsg
preadv2 pwritev2 preadv64v2 pwritev64v2 fork _Fork vfork clone daemon forkpty execve execv execvp
execvpe execl execle execlp fexecve execveat posix_spawn posix_spawnp pidfd_spawn pidfd_spawnp
system popen wordexp close_range closefrom fdopen dprintf vdprintf mmap copy_file_range tee vmsplice
splice sendfile socket connect shutdown getsockopt setsockopt __fxstat __fxstat64 __fxstatat
__fxstatat64 __read_chk __recv_chk __recvfrom_chk __pread_chk __pread64_chk __poll_chk __ppoll_chk
__dprintf_chk __vdprintf_chk"

declared >"$tmp/declared"
at_least "calls that the headers declare with a descriptor" 150 "$(wc -l <"$tmp/declared")"
# shellcheck disable=SC2086 # a list of words
none "each of them is hooked, or has a reason not to be" "$(
	printf '%s\n' $others | sort -u - "$tmp/declared" | comm -23 - "$tmp/known")"
none "no call is both" "$(comm -12 "$tmp/hooked" "$tmp/unhooked")"
none "no call stands twice" "$(uniq -d "$tmp/known")"
none "each one without a hook has its reason" \
	"$(grep '^U(' $hooks/unhooked.def | grep -vE '^U\([A-Za-z0-9_]+, ".+"\)$')"

# word_of NAME
word_of() { sed -n "s/^X[A-Z_]*([^,]*, $1,.*, \([a-z_]*\))\$/\1/p" $hooks/symbols.def; }
none "each call has a test of its word" "$(
	while read -r name; do
		word=$(word_of "$name")
		case $word in none | memory) continue ;; esac
		cat tests/flow/test_column*.c tests/flow/test_children.c | tr -s ' \n\t' ' ' |
			grep -qE "X\($word, $name,|$name\(1, 1\)" || echo "$name: $word"
	done <"$tmp/hooked")"

# built SED-SCRIPT: what can still be made of the list after that.
built() {
	mkdir -p "$tmp/preload/os" "$tmp/preload/hooks"
	cp preload/os/*.[ch] "$tmp/preload/os/"
	cp $hooks/words.def "$tmp/preload/hooks/"
	sed "$1" $hooks/symbols.def >"$tmp/preload/hooks/symbols.def"
	! cmp -s $hooks/symbols.def "$tmp/preload/hooks/symbols.def" || echo "nothing was changed"
	! sh $hooks/exports.sh names "$tmp/preload/hooks/symbols.def" >/dev/null 2>&1 ||
		echo "the exports are listed"
	! gcc -std=gnu11 -D_GNU_SOURCE -fsyntax-only "$tmp/preload/os/real.c" 2>/dev/null ||
		echo "the next functions are found"
}

equal "as it is, it is built" 3 "$(built '' | grep -c .)"
none "a call without a word is not built" "$(built 's/^\(X(off_t, lseek,.*\), forward)$/\1)/')"
none "nor one with another word" "$(built 's/^\(X(off_t, lseek,.*\), forward)$/\1, later)/')"
none "nor one that is made of others" "$(built 's/^\(X_OVER(int, fstat64,.*\), forward)$/\1)/')"

check_end
