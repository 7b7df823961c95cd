/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a system does that runs: saves, goes on, mounts.
 */

inline arm_grub()
{
	if
	:: BY_GRUB -> cache.next = 1; step(); sync()
	:: else
	fi
}

inline forget_choice()
{
	if
	:: cache.next -> cache.next = 0; sync()
	:: else
	fi
}

/* What is mounted differs for all images that were saved before. */
inline change_filesystems()
{
	if
	:: safe.fs = cache.fs
	:: true
	fi;
	cache.fs = ALL
}

/* What was saved of this system is history from now on. */
inline go_on(id_)
{
	resumed = resumed | BIT(id_);
	if
	:: live == id_ && !(reusable & BIT(id_)) -> live = 0
	:: else
	fi;
	if
	:: slive == id_ -> slive = 0
	:: else
	fi
}

/* Into the old kernel. */
inline jump(whole)
{
	PROPERTY(1, forced || (reusable & BIT(id)) || !(resumed & BIT(id)));
	PROPERTY(2, forced || !(cache.fs & BIT(id)) || (id == cache.swap.id && !believed));
	PROPERTY(6, whole == id);
	printf("RESUMED image %d\n", id);
	go_on(id);
	runs = id;
	if
	:: reusable & BIT(id)
	:: else -> change_filesystems()
	fi
}

/* torpor save: the system stands still, so what the writer sees of file systems is what is there. The last step is
 * the header. */
inline save_own()
{
	printf("torpor save\n");
	arm_grub();
	sync();
	id = next_id;
	next_id++;
	tries = 0;
	cache.fs = cache.fs & ~BIT(id);
	safe.fs = cache.fs;
	if
	:: true
	:: reusable = reusable | BIT(id)
	fi;
	look_at_heads();
	if
	:: slot == NO_COPY -> slot = 0 /* no good header: copy 1 is written first */
	:: else
	fi;
	live = 0;
	if
	:: MUT_NOT_EMPTY_FIRST -> error = 0
	:: else -> set_state(EMPTY, 0, 0)
	fi;
	IF_GOOD(request(DATA, id, 0, 0, 0, 0));
	if
	:: error || MUT_NO_FLUSH_BEFORE_HEADER
	:: else -> flush()
	fi;
	if
	:: error
	:: else ->
		put_copy(VALID, 0, id);
		if
		:: error && !MUT_COMMIT_NOT_RETRACTED -> retract(); error = 1
		:: error && MUT_COMMIT_NOT_RETRACTED
		:: !error -> live = id
		fi
	fi
}

/* continue: nothing has changed yet, but will. */
inline snapshot()
{
	if
	:: reusable & BIT(id)
	:: else ->
		live = 0;
		set_state(LAUNCHED, 0, id);
		if
		:: error && !MUT_SNAPSHOT_NOT_RETRACTED -> retract()
		:: else
		fi;
		change_filesystems()
	fi
}

/* The resumed system says that it runs. */
inline confirm()
{
	look_at_heads();
	if
	:: slot < NO_COPY && seen.state == LAUNCHED && seen.id == runs -> set_state(CONSUMED, seen.attempts, runs)
	:: slot < NO_COPY && seen.state == LOADING && seen.id == runs -> tries = 0; set_state(VALID, 0, runs)
	:: else
	fi
}
