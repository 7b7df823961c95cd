/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Own images: the header pair as image-format/header.c and write.c treat it. seen and slot: the copy that counts, as
 * the program that runs now knows it (struct img_headers).
 */
#define EMPTY 0
#define VALID 1
#define LOADING 2
#define LAUNCHED 3
#define CONSUMED 4

#define MAY_RESUME(state_) ((state_) == VALID || (state_) == LOADING)
#define NO_COPY 2

copy seen;
byte slot;
bit error; /* of the last request */
byte final; /* set_state: the first or the second of two copies is written */
byte unreadable = NO_COPY;
bit sector_failed;

inline request(what_, a_, b_, c_, d_, e_)
{
	atomic {
		ask ! what_, a_, b_, c_, d_, e_;
		if
		:: tell ? CUT -> goto power_cut
		:: tell ? DONE -> error = 0
		:: tell ? FAILED -> error = 1
		fi
	}
}

#define flush() request(FLUSH, 0, 0, 0, 0, 0)
#define sync() request(SYNC, 0, 0, 0, 0, 0)
#define step() request(STEP, 0, 0, 0, 0, 0)
#define IF_GOOD(then_)                                                                             \
	if                                                                                         \
	:: error                                                                                   \
	:: else -> then_                                                                           \
	fi

inline forget_seen()
{
	d_step { no_copy(seen); slot = NO_COPY; error = 0 }
}

/* img_read_headers. */
inline read_heads()
{
	d_step {
		if
		:: unreadable != 0 && cache.head[0].gen && (unreadable == 1 || cache.head[0].gen >= cache.head[1].gen) -> slot = 0
		:: else ->
			if
			:: unreadable != 1 && cache.head[1].gen -> slot = 1
			:: else -> slot = NO_COPY
			fi
		fi;
		no_copy(seen);
		if
		:: slot < NO_COPY -> copy_copy(seen, cache.head[slot])
		:: else
		fi;
		printf("copy %d counts: gen %d state %d attempts %d image %d\n", slot, seen.gen, seen.state, seen.attempts, seen.id)
	}
}

/* A sector goes bad once in a history, and perhaps recovers. */
inline look_at_heads()
{
	atomic {
		if
		:: unreadable == NO_COPY && sectors_fail && cache.head[0].gen && cache.head[1].gen ->
			d_step { sectors_fail = 0; sector_failed = 1; starts = 0; unreadable = 0; printf("copy 0 cannot be read\n") }
		:: unreadable == NO_COPY && sectors_fail && cache.head[0].gen && cache.head[1].gen ->
			d_step { sectors_fail = 0; sector_failed = 1; starts = 0; unreadable = 1; printf("copy 1 cannot be read\n") }
		:: unreadable < NO_COPY -> d_step { unreadable = NO_COPY; starts = 0; printf("both copies can be read\n") }
		:: true
		fi;
		read_heads()
	}
}

/* Into the copy that does not count; it counts from the flush on. */
inline put_copy(state_, attempts_, id_)
{
	if
	:: MUT_SAME_COPY -> slot = 1 - slot
	:: else
	fi;
	request(COPY, 1 - slot, seen.gen + 1, state_, attempts_, id_);
	if
	:: error || MUT_NO_FLUSH_AFTER_COPY || (MUT_BOTH_COPIES_AT_ONCE && final == 1)
	:: else -> flush()
	fi;
	if
	:: error
	:: else ->
		d_step {
			slot = 1 - slot;
			seen.gen++;
			seen.state = state_;
			seen.attempts = attempts_;
			seen.id = id_
		}
	fi
}

/* img_set_state. What was read may be in the disk's cache only, after a reset: made durable before the other copy is
 * overwritten. What forbids a resume goes into both copies. */
inline set_state(state_, attempts_, id_)
{
	if
	:: MUT_NO_FLUSH_FIRST || MUT_BOTH_COPIES_AT_ONCE -> error = 0
	:: else -> flush()
	fi;
	final = !MAY_RESUME(state_);
	IF_GOOD(put_copy(state_, attempts_, id_));
	if
	:: final && !error -> final = 2; put_copy(state_, attempts_, id_)
	:: else
	fi;
	final = 0
}

/* The system goes on: nothing that can be resumed may stay. Both copies, whatever they say. */
inline retract()
{
	request(COPY, slot, seen.gen + 2, EMPTY, 0, 0);
	IF_GOOD(flush());
	request(COPY, 1 - slot, seen.gen + 3, EMPTY, 0, 0);
	IF_GOOD(flush())
}

/* ---- the loader: loader/own_kind.c, efi/main.c ---- */

/* loader/judge.c: one that is spent, tried out, or whose file systems changed hides no stock image. */
#define OWN_OPEN                                                                                   \
	(MAY_RESUME(seen.state) && seen.attempts < ATTEMPTS_MAX &&                                 \
		(!(cache.fs & BIT(seen.id)) || MUT_FS_NOT_COMPARED))
#define OWN_CANDIDATE (slot < NO_COPY && (OWN_OPEN || (forced && seen.state != EMPTY)))

/* The checks of what is not modelled may say no at any time, at the door and in the core. */
inline judge_own()
{
	if
	:: refused = 0
	:: refused = 1
	fi
}

inline look_for_own()
{
	look_at_heads();
	if
	:: MUT_REFUSED_IS_EMPTIED && slot < NO_COPY && MAY_RESUME(seen.state) && seen.attempts >= ATTEMPTS_MAX ->
		set_state(EMPTY, 0, 0)
	:: else
	fi
}

/* The EFI door: one more start for an image in this state. Refused after ATTEMPTS_MAX, and when the count cannot be
 * kept; either way boot services still run, and the firmware goes on with the next entry. */
inline count_start(id_, state_)
{
	if
	:: key_id != id_ || key_state != state_ -> key_id = id_; key_state = state_; starts_counted = 0
	:: else
	fi;
	if
	:: starts_counted >= ATTEMPTS_MAX && !forced -> EVENT_START(0); goto boots
	:: else
	fi;
	if
	:: !MUT_START_NOT_COUNTED -> starts_counted++
	:: MUT_START_NOT_COUNTED || MUT_START_NOT_KEPT
	:: !MUT_START_NOT_COUNTED && !MUT_START_NOT_KEPT -> goto boots /* the variable store is full */
	fi;
	printf("start %d for image %d in this state\n", starts_counted, id_);
	EVENT_START(starts_counted);
	step()
}

/* A spent image that is forced stays spent. */
inline count_attempt()
{
	if
	:: MAY_RESUME(seen.state) -> set_state(LOADING, seen.attempts + 1, seen.id)
	:: else -> set_state(seen.state, seen.attempts + 1, seen.id)
	fi;
	if
	:: error -> goto reset
	:: else
	fi
}

/* From here on the image is spent, whatever happens. A reusable one stays LOADING until its system says that it
 * runs. */
inline launch()
{
	if
	:: (reusable & BIT(seen.id)) && MAY_RESUME(seen.state) ->
		if
		:: MUT_REUSABLE_AT_ONCE -> set_state(VALID, 0, seen.id)
		:: else
		fi
	:: else ->
		if
		:: live == seen.id -> live = 0
		:: else
		fi;
		if
		:: MUT_LAUNCHED_ONE_COPY -> put_copy(LAUNCHED, seen.attempts, seen.id)
		:: else -> set_state(LAUNCHED, seen.attempts, seen.id)
		fi
	fi;
	if
	:: error -> goto reset
	:: else
	fi
}
