/* SPDX-License-Identifier: MIT */
/*
 * A connection, a rescue of it, and who is at it at once: a thread that writes a request in two
 * parts, one that reads its answer, one that closes the descriptor, and one that closes it past the
 * hooks and opens another file at its number. As preload/calls, rescue/machine.c, rescue/place.c
 * and conn/end.c go about it; what is between LOCK and UNLOCK there is here.
 *
 * Left out: timers and attempts beyond the second, epoll sets, TLS, responses held back. The check of
 * who has the number, and dup3 over it, are one step here; in the kernel they are two.
 *
 * What may never be (each has a way to break it, for `make model` to see that it is found):
 *   a part taken by two kernels, unless the request may be repeated          RESEND_ANY
 *   a part taken twice on one connection                                     NO_WAIT_FOR_WRITERS
 *   a part told as written that went nowhere, and nobody was told            FORGET_TAKEN
 *   a thread that waits for ever                                             WAIT_LOCKED
 *   another file, at the number that was closed, overlaid                    NO_IDENTITY
 */
mtype = { OLD, WATCHER, FRESH, STRANGER, NOTHING };     /* what lies at the number */
mtype = { IDLE, DIALING, SENDING, FAILED };             /* the rescue's phase */
mtype = { TAKEN, LOST, ANSWER, AGAIN, BAD };            /* what the kernel says */

#define PARTS 2

bool locked;
mtype number = OLD;
mtype phase = IDLE;
bool tracked = true;
bool busy;              /* a rescue is under way, or has a failure to tell */
bool repeatable;        /* the request, by its method */
byte writers;           /* threads between recording a part and the kernel's word on it */
byte held;              /* parts in the copy */
byte known_sent;        /* parts that a kernel took, as far as is known */
byte resent;            /* parts of the copy that are out on the fresh socket */

bool old_dead;
byte on_old, on_fresh;  /* parts that each took */
byte copies[PARTS];     /* of each part: how many kernels took it */

byte told;              /* parts that the program was told are written */
bool failed, answered, closed, displaced;

#ifdef RESEND_ANY
#define MAY_RESEND true
#else
#define MAY_RESEND (repeatable || known_sent == 0)
#endif

#define LOCK   atomic { !locked -> locked = true }
#define UNLOCK locked = false

/* Part `n` goes to what lies at the number now. */
inline kernel_write(n, said) {
	atomic {
		if
		:: number == OLD && !old_dead -> on_old++; copies[n]++; said = TAKEN
		:: number == OLD && old_dead -> said = LOST
		:: number == FRESH -> on_fresh++; copies[n]++; said = TAKEN
		:: number == WATCHER -> said = AGAIN
		:: number == STRANGER || number == NOTHING -> said = BAD
		fi
	}
}

/*
 * Waits as a socket that blocks does. Of one that has lost its number it hears: it is shut down when
 * the fresh one comes (rescue_install).
 */
inline kernel_read(said) {
	atomic {
		if
		:: number == OLD && on_old == PARTS && !old_dead -> said = ANSWER
		:: number == OLD && old_dead -> said = LOST
		:: number == FRESH && on_fresh == PARTS -> said = ANSWER
		:: number == WATCHER -> said = AGAIN
		:: number == STRANGER || number == NOTHING -> said = BAD
		:: failed || closed -> said = BAD /* the program gives it up */
		fi
	}
}

inline overlay(what) {
	assert(number != STRANGER && number != NOTHING);
	number = what
}

/* The number was closed past the hooks: nothing there is touched (WHY_LOST). */
inline lose() {
	busy = false;
	tracked = false;
	phase = IDLE;
	displaced = true
}

#ifdef NO_IDENTITY
#define IS_OURS true
#else
#define IS_OURS (number == OLD || number == WATCHER)
#endif

/* A rescue begins; some have their watcher at the number at once, some never. */
inline begin() {
	phase = DIALING;
	busy = true;
	resent = 0;
	atomic {
		if
		:: IS_OURS -> overlay(WATCHER)
		:: IS_OURS -> skip
		:: !IS_OURS -> lose()
		fi
	}
}

/* The old socket comes back. If it is alive what was told as written goes out there, as bare. */
inline fail() {
	atomic {
		if
		:: !IS_OURS -> lose()
		:: IS_OURS && old_dead -> overlay(OLD); phase = FAILED /* the next call tells */
		:: IS_OURS && !old_dead ->
			overlay(OLD);
#ifndef FORGET_TAKEN
			do
			:: resent < held -> on_old++; copies[resent]++; resent++
			:: else -> break
			od;
			known_sent = held;
#endif
			phase = IDLE;
			busy = false
		fi
	}
}

/* One step of the machine, with the lock. */
inline step() {
	if
	:: phase == DIALING -> if :: phase = SENDING :: fail() fi
	:: phase == SENDING && resent < held ->
		atomic { on_fresh++; copies[resent]++; resent++ }
	:: phase == SENDING && resent == held ->
		atomic {
			if
			:: IS_OURS -> overlay(FRESH); phase = IDLE; busy = false; known_sent = held
			:: !IS_OURS -> lose()
			fi
		}
	:: else
	fi
}

/* The failure is told; the connection is the program's own from here on (WHY_TOLD). */
inline tell() {
	failed = true;
	busy = false;
	phase = IDLE;
	tracked = false
}

proctype writer() {
	byte part;
	mtype said;
	do
	:: part == PARTS || failed -> break
	:: else ->
		LOCK;
		if
		:: closed -> UNLOCK; break
		:: !closed && busy && phase == FAILED -> tell(); UNLOCK; break
		:: !closed && busy && phase != FAILED ->
			/* It is held until the new connection stands. */
			held++; told++; part++;
			UNLOCK;
			/* It blocks, and takes the rescue to its end: a reader may be inside the kernel. */
			LOCK;
			do
			:: busy && phase != FAILED -> step(); UNLOCK; LOCK
			:: else -> break
			od;
			UNLOCK
		:: !closed && !busy && !tracked ->
			UNLOCK;
			kernel_write(part, said);
			if :: said == TAKEN -> told++; part++ :: else -> failed = true fi
		:: !closed && !busy && tracked && !held ->
			/* The connection may be too old, though it is alive: it is replaced first. */
			begin();
			UNLOCK
		:: !closed && !busy && tracked ->
			held++; writers++; /* recorded first: a reader may see the answer before us */
			UNLOCK;
			kernel_write(part, said);
			LOCK;
			writers--;
			if
			:: said == TAKEN -> known_sent++; told++; part++
			:: said != TAKEN ->
				held--;
				if
				:: busy || closed || said == AGAIN -> skip /* once more */
				:: !busy && !closed && said == BAD -> failed = true; tracked = false
				:: !busy && !closed && said == LOST ->
					if
					:: tracked && MAY_RESEND -> begin()
					:: else -> tell()
					fi
				fi
			fi;
			UNLOCK
		fi
	od
}

proctype reader() {
	mtype said;
	do
	:: answered || failed -> break
	:: else ->
		LOCK;
		if
		:: closed -> UNLOCK; break
		:: !closed && busy && phase == FAILED -> tell(); UNLOCK; break
		:: !closed && busy && phase != FAILED -> step(); UNLOCK
		:: !closed && !busy ->
			UNLOCK;
			kernel_read(said);
			if
			:: said == ANSWER -> answered = true
			:: said == BAD -> break
			:: said == AGAIN
			:: said == LOST ->
				LOCK;
#ifndef NO_WAIT_FOR_WRITERS
				do
				:: writers == 0 -> break
#ifdef WAIT_LOCKED
				:: writers > 0 -> (writers == 0)
#else
				:: writers > 0 -> UNLOCK; (writers == 0 || failed); LOCK
#endif
				od;
#endif
				if
				:: busy || closed -> skip
				:: !busy && !closed ->
					if
					:: !tracked -> failed = true
					:: tracked && held < PARTS -> tell() /* not whole */
					:: tracked && held == PARTS && !MAY_RESEND -> tell()
					:: tracked && held == PARTS && MAY_RESEND ->
						begin()
					fi
				fi;
				UNLOCK
			fi
		fi
	od
}

/* close(2) by the hooks: what was told as written is sent first, if the new socket stands. */
proctype closer() {
	if
	:: skip
	:: LOCK;
	   do
	   :: busy && phase == SENDING -> step()
	   :: else -> break
	   od;
	   atomic {
		closed = true;
		busy = false;
		if :: number != STRANGER -> number = NOTHING :: else fi
	   }
	   UNLOCK
	fi
}

/* close(2) past the hooks, and another file at the number. */
proctype raw_closer() {
	if
	:: skip
	:: atomic { if :: number != NOTHING -> number = STRANGER; displaced = true :: else fi }
	fi
}

proctype network() {
	if :: old_dead = true :: skip fi
}

/* Each told part went somewhere, or somebody was or will be told, or has closed it himself. */
#define SETTLED(n) (told <= n || copies[n] || failed || closed || displaced || (busy && phase == FAILED))

init {
	byte n;
	if :: repeatable = true :: repeatable = false fi;
	atomic { run network(); run writer(); run reader(); run closer(); run raw_closer() }
	(_nr_pr == 3);
	do
	:: n < PARTS ->
		assert(SETTLED(n));
		n++
	:: else -> break
	od
}

/* At each moment. */
bool twice;
active proctype never_twice() {
end:	atomic {
		(copies[0] > 1 || copies[1] > 1) && !repeatable -> twice = true; assert(!twice)
	}
}

bool piled;
active proctype never_on_one_twice() {
end:	atomic { on_old > PARTS || on_fresh > PARTS -> piled = true; assert(!piled) }
}
