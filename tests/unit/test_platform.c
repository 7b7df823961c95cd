/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform.c: who is warned, who is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "log_text.h"
#include "platform.h"

static void same(void **state)
{
	(void)state;
	log_text_start();
	assert_int_equal(platform_check_facs(0, 0, 1, 1, "plan"), 0);
	assert_int_equal(platform_check_facs(0x1234, 0x1234, 1, 1, "plan"), 0);
	assert_false(log_text_has("FACS"));
}

static void changed(void **state)
{
	(void)state;
	log_text_start();
	assert_int_equal(platform_check_facs(0x1234, 0x1235, 0, 0, "plan"), 0);
	assert_logged(
		"plan: the hardware is not what it was: FACS signature was 0x1234, is 0x1235; "
		"success is doubtful");
	log_text_start();
	assert_int_equal(platform_check_facs(0x1234, 0x1235, 1, 0, "stock"), ERR_PLATFORM);
	assert_logged("stock: the hardware is not what it was: FACS signature was 0x1234");
	assert_false(log_text_has("doubtful"));
	assert_int_equal(platform_check_facs(0x1234, 0x1235, 0, 1, "plan"), ERR_PLATFORM);
}

/* The FACS has gone, or come. */
static void absent(void **state)
{
	(void)state;
	log_text_start();
	assert_int_equal(platform_check_facs(0x1234, 0, 1, 0, "plan"), ERR_PLATFORM);
	assert_int_equal(platform_check_facs(0, 0x1234, 0, 0, "plan"), 0);
	assert_logged("FACS signature was 0, is 0x1234");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same),
		cmocka_unit_test(changed),
		cmocka_unit_test(absent),
	};
	return cmocka_run_group_tests_name("platform", tests, NULL, NULL);
}
