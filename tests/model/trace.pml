/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model follows a trace of the real code (trace.c): each write, flush, failure and reset must be the next event
 * of the trace, in this order. event: what comes next; 0: all of it was followed. What kernels and file systems
 * write is not in a trace.
 */
c_decl {
	\#include <stdio.h>
	\#include <string.h>
	static int trace[512], furthest;

	static int trace_event(const char *line)
	{
		int slot, gen, state, attempts;

		if (sscanf(line, "copy %d %d %d %d", &slot, &gen, &state, &attempts) == 4)
			return 10000000 + slot * 1000000 + gen * 1000 + state * 100 + attempts;
		if (sscanf(line, "swap %d %d", &state, &attempts) == 2)
			return 20000000 + state * 100 + attempts;
		if (sscanf(line, "start %d", &attempts) == 1)
			return 30000000 + attempts;
		if (sscanf(line, "facts %d", &state) == 1)
			return 40000000 + state;
		return !strncmp(line, "data", 4) ? 2 : !strncmp(line, "flush", 5) ? 3 :
			!strncmp(line, "fails", 5) ? 4 : !strncmp(line, "reset", 5) ? 5 :
			!strncmp(line, "cut", 3) ? 6 : -1;
	}

	static void trace_end(void)
	{
		printf("followed %d events\n", furthest);
	}

	static void trace_load(void)
	{
		char line[80];
		FILE *f = fopen(getenv("TRACE"), "r");

		for (int n = 0; f && n < 511 && fgets(line, sizeof(line), f); n++)
			trace[n] = trace_event(line);
		atexit(trace_end);
	}
}

int event;
byte position;

#define TRACE_BEGIN c_code { trace_load(); now.event = trace[0]; }
#define FOLLOWED                                                                                   \
	c_code {                                                                                   \
		now.event = trace[++now.position];                                                 \
		if (now.position > furthest)                                                       \
			furthest = now.position;                                                   \
	};                                                                                         \
	assert(event != 0)

#define UNSEEN       (what == SYNC || what == STEP)
#define CODE(a, b, c, d)                                                                           \
	(what == COPY -> 10000000 + (a) * 1000000 + (b) * 1000 + (c) * 100 + (d) :                 \
	(what == SWAP -> 20000000 + (a) * 100 + (c) :                                              \
	(what == DATA -> 2 : 3)))
#define EVENT        (UNSEEN || event == CODE(a, b, c, d))
#define EVENT_DONE                                                                                 \
	if                                                                                         \
	:: UNSEEN                                                                                  \
	:: !UNSEEN -> FOLLOWED                                                                     \
	fi
/* The door counts start n of an image in one state; 0: it stays out, since there were enough. */
#define EVENT_START(n) event == 30000000 + (n) -> FOLLOWED
/* A judge that did not refuse: whether it believes facts. */
#define EVENT_FACTS(b) event == 40000000 + (b) -> FOLLOWED
#define EVENT_FAILS  event == 4
#define EVENT_CUT    event == 6
#define EVENT_RESET  event == 5
