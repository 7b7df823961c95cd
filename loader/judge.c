/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choice between the two kinds of image: judge.h has the rules. What each kind has to offer is
 * judge_own.c's and judge_stock.c's.
 */
#include "judge_kinds.h"

#include <string.h>

#include "err_any.h"
#include "format.h"
#include "log.h"

/* Of two refusals the one that tells more is the answer: an image that is there, then damage, then
 * what was there once, then a device that cannot be read, then nothing. */
static int rank(const struct verdict *v)
{
	if (v->seen)
		return 5;
	if (v->spent)
		return 3;
	switch (v->err) {
	case ERR_NOT_FOUND:
	case ERR_BOUNDS: /* named by sectors: a smaller disk has no such ones */
		return 0;
	case IMG_ERR_NO_AREA:
	case IMG_ERR_EMPTY:
		return 1;
	default:
		return v->err <= ERR_TIMEOUT && v->err >= ERR_BUG && v->err != ERR_AMBIGUOUS ? 2
											     : 4;
	}
}

static void answer(struct judgment *j, enum judge_kind kind, const struct verdict *v)
{
	j->kind = v->err == 0 || v->seen || v->spent ? kind : JUDGE_NONE;
	j->err = v->err;
	j->forced = v->err == 0 && v->forced;
	j->spent = v->spent;
	j->left = v->left;
	j->attempts = v->attempts;
	j->state = v->state;
	memcpy(j->reason, v->reason, sizeof(j->reason));
}

static void say_refused(const char *what, const struct verdict *v)
{
	if (v->err && (v->seen || v->spent))
		log_line("judge: %s: %s", what, v->reason);
}

/* 0 without force=1. */
static bool is_clean(const struct verdict *v)
{
	return v->err == 0 && !v->forced;
}

static void refuse_both(struct verdict *v)
{
	v->err = ERR_AMBIGUOUS;
	format(v->reason, sizeof(v->reason),
		"both an image of ours and a stock kernel's may be resumed, and one is stale: name one by area= or swap=");
}

/* Rules 1 to 3. own is the verdict so far; when a stock image is to be resumed, it is open at the
 * return. */
static void choose(const struct judge_input *in, void *work, struct judgment *ret,
	struct verdict *own, const struct arena *empty)
{
	static struct verdict stock; /* large: not for the stack */
	struct region own_region = ret->region;
	const struct arena own_open = *in->arena;
	bool must_open_again = false;
	if (own->err)
		*in->arena = *empty;
	judge_stock(in, work, ret, &stock);
	bool is_too_narrow = stock.err == SWSUSP_ERR_WORK || stock.err == ERR_NO_MEMORY;
	if (own->err == 0 && is_too_narrow) { /* beside the other one, which is opened again then */
		*in->arena = *empty;
		judge_stock(in, work, ret, &stock);
		must_open_again = true;
	}
	say_refused("stock", &stock);
	ret->seen = own->seen || stock.seen;
	if (is_clean(own) && is_clean(&stock) && !in->options->force) {
		refuse_both(own);
		answer(ret, JUDGE_OWN, own);
	} else if (is_clean(&stock) ? !is_clean(own) : own->err != 0 && stock.err == 0) {
		answer(ret, JUDGE_STOCK, &stock);
		ret->changes_known = false;
	} else if (own->err == 0 || rank(own) >= rank(&stock)) {
		*in->arena = own_open;
		ret->region = own_region;
		if (must_open_again) {
			*in->arena = *empty;
			judge_own(in, work, ret, own);
		}
		answer(ret, JUDGE_OWN, own);
	} else {
		answer(ret, JUDGE_STOCK, &stock);
	}
}

/* Nothing was there to be judged: where was it looked for? */
static void say_where(const struct options *o, struct judgment *j)
{
	char area[PLACES_WORDS_BYTES], swap[PLACES_WORDS_BYTES];
	places_words(&o->area, area);
	places_words(&o->swap, swap);
	format(j->reason, sizeof(j->reason), "not found: %s%s%s%s%s", *area ? "area=" : "", area,
		*area && *swap ? ", " : "", *swap ? "swap=" : "", swap);
}

int judge(const struct judge_input *in, struct judgment *ret)
{
	static struct verdict own;
	memset(ret, 0, sizeof(*ret));
	void *work = arena_alloc(in->arena, FIND_WORK_BYTES, IMG_BLOCK_BYTES);
	if (!work) {
		format(ret->reason, sizeof(ret->reason), "no memory to look for an image");
		return ret->err = ERR_NO_MEMORY;
	}
	const struct arena empty = *in->arena;
	judge_own(in, work, ret, &own);
	say_refused("own", &own);
	/* One whose file systems nobody touched since: what else there is, is older or not its
	 * business. */
	if (is_clean(&own) && own.is_fresh) {
		ret->seen = true;
		answer(ret, JUDGE_OWN, &own);
	} else {
		choose(in, work, ret, &own, &empty);
	}
	if (ret->err == ERR_NOT_FOUND && !ret->seen)
		say_where(in->options, ret);
	return ret->err;
}

void judge_log_loss(const struct judgment *j)
{
	if (!j->changes_known || !(j->spent || j->forced))
		return;
	changes_log_loss(&j->changes, j->err ? "would destroy" : "destroys");
}
