/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the program, with its reason in the log. */
#include "panic.h"

#include <stdarg.h>

#include "format.h"
#include "log.h"

void (*panic_hook)(void);

_Noreturn void panic(const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;
	va_start(args, fmt);
	format_v(text, sizeof(text), fmt, args);
	va_end(args);
	log_line("panic: %s", text);
	if (panic_hook != 0)
		panic_hook();
	for (;;)
		__asm__ volatile("cli; hlt");
}
