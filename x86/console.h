/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log sinks: a 16550 serial port, VGA text memory. */
#ifndef X86_CONSOLE_H
#define X86_CONSOLE_H

#include <stdint.h>

/* Sets the port to 115200 8n1 and adds it to the log; nothing happens when no UART answers
 * there. */
void console_add_serial(uint16_t port);

/* 80x25 text at 0xb8000, which must be mapped; lines scroll from the bottom. */
void console_add_vga_text(void);

#endif
