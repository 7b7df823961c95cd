/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small vsnprintf: one pass over the format, one function a kind of conversion. */
#include "format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct out {
	char *dst;
	size_t cap;
	size_t len; /* of the whole text, also what did not fit */
};

struct spec {
	bool left, zero, alternate;
	size_t width;
	bool has_precision;
	size_t precision;
	enum { LEN_INT, LEN_HH, LEN_H, LEN_L, LEN_LL, LEN_Z } length;
};

static void put(struct out *o, char c)
{
	if (o->len < o->cap)
		o->dst[o->len] = c;
	o->len++;
}

static void put_n(struct out *o, char c, size_t n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_text(struct out *o, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(o, text[i]);
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t n)
{
	size_t pad = s->width > n ? s->width - n : 0;
	if (!s->left)
		put_n(o, ' ', pad);
	put_text(o, text, n);
	if (s->left)
		put_n(o, ' ', pad);
}

/* prefix ("-", "0x" or "") stands before the zeros of a zero-padded number, but after blanks. */
static void put_number(struct out *o, const struct spec *s, const char *prefix, uint64_t v,
	unsigned base, bool upper)
{
	const char *digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	size_t at = sizeof(text);
	do {
		text[--at] = digit[v % base];
		v /= base;
	} while (v != 0);

	size_t n_prefix = strlen(prefix), n = n_prefix + sizeof(text) - at;
	size_t pad = s->width > n ? s->width - n : 0;
	bool zeros = s->zero && !s->left;
	if (!s->left && !zeros)
		put_n(o, ' ', pad);
	put_text(o, prefix, n_prefix);
	if (zeros)
		put_n(o, '0', pad);
	put_text(o, text + at, sizeof(text) - at);
	if (s->left)
		put_n(o, ' ', pad);
}

/* A wrapper, because a va_list that is a parameter cannot be passed on by address portably. */
struct args {
	va_list v;
};

static int64_t take_signed(struct args *a, const struct spec *s)
{
	switch (s->length) {
	case LEN_HH:
		return (signed char)va_arg(a->v, int);
	case LEN_H:
		return (short)va_arg(a->v, int);
	case LEN_L:
		return va_arg(a->v, long);
	case LEN_LL:
		return va_arg(a->v, long long);
	case LEN_Z:
		return va_arg(a->v, ptrdiff_t);
	case LEN_INT:
		break;
	}
	return va_arg(a->v, int);
}

static uint64_t take_unsigned(struct args *a, const struct spec *s)
{
	switch (s->length) {
	case LEN_HH:
		return (unsigned char)va_arg(a->v, unsigned);
	case LEN_H:
		return (unsigned short)va_arg(a->v, unsigned);
	case LEN_L:
		return va_arg(a->v, unsigned long);
	case LEN_LL:
		return va_arg(a->v, unsigned long long);
	case LEN_Z:
		return va_arg(a->v, size_t);
	case LEN_INT:
		break;
	}
	return va_arg(a->v, unsigned);
}

static const char *parse_decimal(const char *p, size_t *ret)
{
	size_t n = 0;
	while (*p >= '0' && *p <= '9' && n < 10000)
		n = n * 10 + (size_t)(*p++ - '0');
	*ret = n;
	return p;
}

/* From behind the % to the conversion character. */
static const char *parse_spec(const char *p, struct spec *s, struct args *a)
{
	*s = (struct spec){0};
	for (; *p == '-' || *p == '0' || *p == '#'; p++) {
		if (*p == '-')
			s->left = true;
		else if (*p == '0')
			s->zero = true;
		else
			s->alternate = true;
	}
	p = parse_decimal(p, &s->width);
	if (*p == '.') {
		s->has_precision = true;
		if (p[1] == '*') {
			int n = va_arg(a->v, int);
			s->has_precision = n >= 0;
			s->precision = n >= 0 ? (size_t)n : 0;
			p += 2;
		} else {
			p = parse_decimal(p + 1, &s->precision);
		}
	}
	switch (*p) {
	case 'h':
		s->length = p[1] == 'h' ? LEN_HH : LEN_H;
		return p + (p[1] == 'h' ? 2 : 1);
	case 'l':
		s->length = p[1] == 'l' ? LEN_LL : LEN_L;
		return p + (p[1] == 'l' ? 2 : 1);
	case 'z':
		s->length = LEN_Z;
		return p + 1;
	}
	return p;
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	if (text == NULL)
		text = "(null)";
	size_t n = 0, max = s->has_precision ? s->precision : SIZE_MAX;
	while (n < max && text[n] != 0)
		n++;
	put_padded(o, s, text, n);
}

/* false: not one of ours. */
static bool put_conversion(struct out *o, char kind, const struct spec *s, struct args *a)
{
	if (s->has_precision && kind != 's')
		return false;
	switch (kind) {
	case 'd':
	case 'i': {
		int64_t v = take_signed(a, s);
		put_number(o, s, v < 0 ? "-" : "", v < 0 ? -(uint64_t)v : (uint64_t)v, 10, false);
		return true;
	}
	case 'u':
		put_number(o, s, "", take_unsigned(a, s), 10, false);
		return true;
	case 'x':
	case 'X': {
		uint64_t v = take_unsigned(a, s);
		const char *prefix = !s->alternate || v == 0 ? "" : kind == 'x' ? "0x" : "0X";
		put_number(o, s, prefix, v, 16, kind == 'X');
		return true;
	}
	case 'p':
		put_number(o, s, "0x", (uintptr_t)va_arg(a->v, void *), 16, false);
		return true;
	case 'c': {
		char c = (char)va_arg(a->v, int);
		put_padded(o, s, &c, 1);
		return true;
	}
	case 's':
		put_string(o, s, va_arg(a->v, const char *));
		return true;
	case '%':
		put(o, '%');
		return true;
	}
	return false;
}

int format_v(char *dst, size_t cap, const char *fmt, va_list args)
{
	struct out o = {.dst = dst, .cap = cap};
	struct args a;
	va_copy(a.v, args);
	for (const char *p = fmt; *p != 0; p++) {
		if (*p != '%') {
			put(&o, *p);
			continue;
		}
		struct spec s;
		const char *kind = parse_spec(p + 1, &s, &a);
		if (!put_conversion(&o, *kind, &s, &a)) {
			put_text(&o, p, strlen(p));
			break;
		}
		p = kind;
	}
	va_end(a.v);
	if (cap > 0)
		dst[o.len < cap ? o.len : cap - 1] = 0;
	return (int)o.len;
}

int format(char *dst, size_t cap, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = format_v(dst, cap, fmt, args);
	va_end(args);
	return n;
}
