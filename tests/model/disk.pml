/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One disk with a volatile cache, a process of its own. What a reader sees (cache) and what a power cut leaves (safe)
 * differ until a flush. The cache may write back early; a cut keeps any part of what was not flushed, and may make
 * garbage of a header copy that was not. A reset leaves the cache as it is. In each start one write or flush may
 * fail, having got through or not. Power may be lost with every request.
 */

/* One header copy. gen 0: not sound. id: of the image that its root names. */
typedef copy {
	byte gen;
	byte state;
	byte attempts;
	byte id
}

/* The header page of a swap area. count_of: the image that our count of attempts is about. */
typedef page {
	bit is_image;
	byte id;
	byte count_of;
	byte attempts
}

typedef content {
	copy head[2];
	page swap;
	byte data;  /* of which own image all data is there; 0: of none */
	byte sdata; /* the same of stock images */
	byte facts; /* set of the images that the facts are about; 0: no facts */
	byte fs;    /* set of the images whose file systems have changed since */
	bit next    /* GRUB's choice for one boot */
}

content cache;
content safe;
bit may_fail;

mtype:request = { COPY, SWAP, DATA, FLUSH, SYNC, STEP };
mtype:answer = { DONE, FAILED, CUT };
chan ask = [0] of { mtype:request, byte, byte, byte, byte, byte };
chan tell = [0] of { mtype:answer };

#define BIT(n) (1 << (n))

inline copy_copy(to, from)
{
	to.gen = from.gen;
	to.state = from.state;
	to.attempts = from.attempts;
	to.id = from.id
}

inline copy_page(to, from)
{
	to.is_image = from.is_image;
	to.id = from.id;
	to.count_of = from.count_of;
	to.attempts = from.attempts
}

inline no_copy(c)
{
	c.gen = 0;
	c.state = 0;
	c.attempts = 0;
	c.id = 0
}

inline make_all_safe()
{
	d_step {
		copy_copy(safe.head[0], cache.head[0]);
		copy_copy(safe.head[1], cache.head[1]);
		copy_page(safe.swap, cache.swap);
		safe.data = cache.data;
		safe.sdata = cache.sdata;
		safe.facts = cache.facts;
		safe.fs = cache.fs;
		safe.next = cache.next
	}
}

/* ---- power lost: each place as it was, or as it is ---- */

inline cut_copy(i)
{
	if
	:: copy_copy(safe.head[i], cache.head[i])
	:: cache.head[i].gen != safe.head[i].gen -> copy_copy(cache.head[i], safe.head[i])
	:: cache.head[i].gen != safe.head[i].gen -> no_copy(cache.head[i]); no_copy(safe.head[i])
	fi
}

#define CUT_PLACE(place)                                                                           \
	if                                                                                         \
	:: safe.place = cache.place                                                                  \
	:: cache.place != safe.place -> cache.place = safe.place                                       \
	fi

inline lose_power()
{
	cut_copy(0);
	cut_copy(1);
	if
	:: copy_page(safe.swap, cache.swap)
	:: copy_page(cache.swap, safe.swap)
	fi;
	CUT_PLACE(data);
	CUT_PLACE(sdata);
	CUT_PLACE(facts);
	CUT_PLACE(fs);
	CUT_PLACE(next);
	printf("POWER LOST. There are: copies (gen %d state %d attempts %d image %d) (gen %d state %d attempts %d image %d), data of %d,\n",
		cache.head[0].gen, cache.head[0].state, cache.head[0].attempts, cache.head[0].id,
		cache.head[1].gen, cache.head[1].state, cache.head[1].attempts, cache.head[1].id, cache.data);
	printf("  swap: signature %d, image %d, attempts %d of %d, data of %d; facts %d, changed %d, next_entry %d\n",
		cache.swap.is_image, cache.swap.id, cache.swap.attempts, cache.swap.count_of, cache.sdata,
		cache.facts, cache.fs, cache.next)
}

/* ---- requests ---- */

inline put_copy_down(i, gen_, state_, attempts_, id_)
{
	d_step {
		cache.head[i].gen = gen_;
		cache.head[i].state = state_;
		cache.head[i].attempts = attempts_;
		cache.head[i].id = id_;
		printf("copy %d: gen %d state %d attempts %d image %d\n", i, gen_, state_, attempts_, id_)
	}
}

/* What the cache wrote back before the next write to the same place. */
inline write_back(what, a)
{
	if
	:: what == COPY && cache.head[a].gen != safe.head[a].gen -> copy_copy(safe.head[a], cache.head[a])
	:: what == SWAP -> copy_page(safe.swap, cache.swap)
	:: what == DATA -> safe.data = 0
	:: true
	fi
}

inline perform()
{
	if
	:: what == COPY -> put_copy_down(a, b, c, d, e)
	:: what == SWAP ->
		d_step {
			cache.swap.is_image = a; cache.swap.count_of = b; cache.swap.attempts = c;
			printf("swap header: signature %d, attempts %d\n", a, c)
		}
	:: what == DATA -> cache.data = a; printf("data of image %d\n", a)
	:: what == FLUSH || what == SYNC -> make_all_safe(); printf("flush\n")
	:: what == STEP
	fi
}

#define MAY_FAIL (may_fail && what != STEP && what != SYNC)

active proctype drive()
{
	mtype:request what;
	mtype:answer result;
	byte a, b, c, d, e;

end:
	do
	:: atomic {
		ask ? what, a, b, c, d, e ->
		write_back(what, a);
		if
		:: EVENT -> EVENT_DONE; perform(); result = DONE
		:: MAY_FAIL && EVENT_FAILS -> FOLLOWED; may_fail = 0; result = FAILED; printf("FAILS, and got through:\n"); perform()
		:: MAY_FAIL && EVENT_FAILS -> FOLLOWED; may_fail = 0; result = FAILED; printf("FAILS\n")
		fi;
		if
		:: true
		:: EVENT_CUT -> FOLLOWED; result = CUT; lose_power()
		fi;
		what = 0; a = 0; b = 0; c = 0; d = 0; e = 0;
		tell ! result;
		result = 0
	   }
	od
}
