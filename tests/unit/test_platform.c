/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform.c: who is warned, who is refused. */

#include "test.h"

#include "log_text.h"
#include "platform.h"

TEST(same)
{
	log_text_start();
	assert_int_equal(platform_check_facs(0, 0, 1, 1, "plan"), 0);
	assert_int_equal(platform_check_facs(0x1234, 0x1234, 1, 1, "plan"), 0);
	assert_false(log_text_has("FACS"));
}

TEST(changed)
{
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
TEST(absent)
{
	log_text_start();
	assert_int_equal(platform_check_facs(0x1234, 0, 1, 0, "plan"), ERR_PLATFORM);
	assert_int_equal(platform_check_facs(0, 0x1234, 0, 0, "plan"), 0);
	assert_logged("FACS signature was 0, is 0x1234");
}
