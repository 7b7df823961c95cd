/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log must reach somebody even when all else has failed: a serial port and the screen need
 * no driver and no memory.
 */
#include <string.h>

#include "console.h"
#include "deadline.h"
#include "log.h"
#include "machine.h"

/* 16550 registers, from the base port (DLAB clear unless said). */
enum {
	UART_DATA = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCR = 7
};
#define UART_LSR_THR_EMPTY 0x20

#define VGA_COLUMNS 80u
#define VGA_ROWS    25u
#define VGA_GREY    0x0700u

static uint16_t uart;

static void serial_put(char c)
{
	/* A dead UART costs a millisecond a character, not the machine. */
	int err = WAIT_FOR(port_in8((uint16_t)(uart + UART_LSR)) & UART_LSR_THR_EMPTY, 1);
	if (err == 0)
		port_out8((uint16_t)(uart + UART_DATA), (uint8_t)c);
}

static void serial_line(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		serial_put(line[i]);
	serial_put('\r');
	serial_put('\n');
}

void console_add_serial(uint16_t port)
{
	port_out8((uint16_t)(port + UART_SCR), 0x5a);
	if (port_in8((uint16_t)(port + UART_SCR)) != 0x5a)
		return;
	port_out8((uint16_t)(port + UART_IER), 0);
	port_out8((uint16_t)(port + UART_LCR), 0x80);
	port_out8((uint16_t)(port + UART_DATA), 1);
	port_out8((uint16_t)(port + UART_IER), 0);
	port_out8((uint16_t)(port + UART_LCR), 0x03);
	port_out8((uint16_t)(port + UART_FCR), 0x07);
	port_out8((uint16_t)(port + UART_MCR), 0x03);
	uart = port;
	log_add_sink(serial_line);
}

static void vga_line(const char *line, size_t len)
{
	uint16_t *text = (uint16_t *)0xb8000;
	while (len > 0) {
		size_t n = len < VGA_COLUMNS ? len : VGA_COLUMNS;
		memmove(text, text + VGA_COLUMNS, (VGA_ROWS - 1) * VGA_COLUMNS * 2);
		uint16_t *row = text + (VGA_ROWS - 1) * VGA_COLUMNS;
		for (size_t i = 0; i < VGA_COLUMNS; i++)
			row[i] = (uint16_t)(VGA_GREY | (uint8_t)(i < n ? line[i] : ' '));
		line += n;
		len -= n;
	}
}

void console_add_vga_text(void)
{
	log_add_sink(vga_line);
}
