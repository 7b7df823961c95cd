/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histories have no end, but few states when what can have no effect any more is made equal. Done at every start:
 * generations from 1 on again; nothing is kept of images that no header names; of what forbids a resume, only that.
 * A count of starts that cannot match any header is dropped, which allows more starts, never fewer.
 */

inline lowest(gen_)
{
	if
	:: gen_ && gen_ < id -> id = gen_
	:: else
	fi
}

inline lower(gen_)
{
	if
	:: gen_ -> gen_ = gen_ - id
	:: else
	fi
}

inline renumber()
{
	id = 255;
	lowest(cache.head[0].gen);
	lowest(cache.head[1].gen);
	lowest(safe.head[0].gen);
	lowest(safe.head[1].gen);
	id--;
	lower(cache.head[0].gen);
	lower(cache.head[1].gen);
	lower(safe.head[0].gen);
	lower(safe.head[1].gen);
	if
	:: key_state < 100 -> key_state = (key_state > id -> key_state - id : 0)
	:: else
	fi
}

inline spent_is_spent(c)
{
	if
	:: c.state == CONSUMED -> c.state = LAUNCHED
	:: else
	fi;
	if
	:: !MAY_RESUME(c.state) -> c.attempts = 0
	:: else
	fi
}

inline forget_count(p)
{
	if
	:: !p.is_image -> p.id = 0
	:: else
	fi;
	if
	:: p.count_of != p.id -> p.count_of = 0; p.attempts = 0
	:: else
	fi
}

#define NAMED(i)                                                                                   \
	(cache.head[0].id == (i) || cache.head[1].id == (i) || safe.head[0].id == (i) ||           \
		safe.head[1].id == (i) || cache.swap.id == (i) || safe.swap.id == (i))

inline bury()
{
	cache.fs = cache.fs | BIT(id);
	safe.fs = safe.fs | BIT(id);
	resumed = resumed & ~BIT(id);
	reusable = reusable & ~BIT(id);
	if
	:: cache.facts & BIT(id) -> cache.facts = (cache.facts | 1) & ~BIT(id)
	:: else
	fi;
	if
	:: safe.facts & BIT(id) -> safe.facts = (safe.facts | 1) & ~BIT(id)
	:: else
	fi;
	if
	:: cache.data == id -> cache.data = 0
	:: else
	fi;
	if
	:: safe.data == id -> safe.data = 0
	:: else
	fi;
	if
	:: cache.sdata == id -> cache.sdata = 0
	:: else
	fi;
	if
	:: safe.sdata == id -> safe.sdata = 0
	:: else
	fi
}

#define KEY_IS_OF(disk)                                                                            \
	((disk.head[0].id == key_id && disk.head[0].gen == key_state) ||                           \
		(disk.head[1].id == key_id && disk.head[1].gen == key_state) ||                    \
		(disk.swap.is_image && disk.swap.id == key_id && key_state >= 100))

inline forget_what_is_dead()
{
	d_step {
		renumber();
		spent_is_spent(cache.head[0]);
		spent_is_spent(cache.head[1]);
		spent_is_spent(safe.head[0]);
		spent_is_spent(safe.head[1]);
		forget_count(cache.swap);
		forget_count(safe.swap);
		id = 1;
		do
		:: id < next_id ->
			if
			:: !NAMED(id) -> bury()
			:: else
			fi;
			id++
		:: else -> break
		od;
		if
		:: KEY_IS_OF(cache) || KEY_IS_OF(safe)
		:: else -> key_id = 0; key_state = 0; starts_counted = 0
		fi;
		id = 0
	}
}
