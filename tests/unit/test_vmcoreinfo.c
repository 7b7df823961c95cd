/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmcoreinfo.c: keys are whole, numbers are bounded, text may end anywhere. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "vmcoreinfo.h"

static const char text[] =
	"OSRELEASE=6.1.0\nNUMBER(phys_base)=-37748736\nNUMBER(sme_mask)=140737488355328\n"
	"SYMBOL(c)=ff\nBA=7\nD=1x\nE=\nNEG=-ff\nBIG=18446744073709551616\nMAX=18446744073709551615\n"
	"TWICE=1\nTWICE=2\nF=9";

static void is(const char *key, enum vmcoreinfo_base base, uint64_t wanted)
{
	uint64_t v;
	assert_true(vmcoreinfo_value(text, sizeof(text), key, base, &v));
	assert_int_equal(v, wanted);
}

static void is_none(const char *key, enum vmcoreinfo_base base)
{
	uint64_t v;
	assert_false(vmcoreinfo_value(text, sizeof(text), key, base, &v));
}

TEST(values)
{
	is("NUMBER(phys_base)", VMCOREINFO_DECIMAL, -37748736ull);
	is("NUMBER(sme_mask)", VMCOREINFO_DECIMAL, 1ull << 47);
	is("SYMBOL(c)", VMCOREINFO_HEX, 255);
	is("MAX", VMCOREINFO_DECIMAL, UINT64_MAX);
	is("TWICE", VMCOREINFO_DECIMAL, 1);
	is("F", VMCOREINFO_DECIMAL, 9);
}

TEST(no_values)
{
	is_none("A", VMCOREINFO_DECIMAL); /* of BA */
	is_none("NUMBER(phys", VMCOREINFO_DECIMAL);
	is_none("phys_base", VMCOREINFO_DECIMAL);
	is_none("SYMBOL(c)", VMCOREINFO_DECIMAL);
	is_none("D", VMCOREINFO_DECIMAL);
	is_none("E", VMCOREINFO_DECIMAL);
	is_none("NEG", VMCOREINFO_HEX);
	is_none("BIG", VMCOREINFO_DECIMAL);
	is_none("OSRELEASE", VMCOREINFO_DECIMAL);
	is_none("Z", VMCOREINFO_DECIMAL);
}

/* Cut anywhere, there is a value or none, and nothing is read behind the end. */
TEST(cut)
{
	for (size_t n = 0; n < sizeof(text); n++) {
		char *cut = malloc(n ? n : 1);
		uint64_t v;
		assert_non_null(cut);
		memcpy(cut, text, n);
		if (vmcoreinfo_value(cut, n, "F", VMCOREINFO_DECIMAL, &v))
			assert_int_equal(n >= strlen(text), 1);
		(void)vmcoreinfo_value(cut, n, "NUMBER(phys_base)", VMCOREINFO_DECIMAL, &v);
		free(cut);
	}
}
