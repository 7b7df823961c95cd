/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What string.h promises, for the freestanding programs only: the compiler and the packaged
 * libraries call these by name. Words are moved with `rep movsq`: as fast as `rep movsb` where the
 * processor has fast strings, and eight times faster where it has not (and under an emulator).
 */
#include <stdint.h>
#include <string.h>

/* One load or store at any address, of any object. */
struct any16 {
	uint16_t v;
} __attribute__((packed, may_alias));
struct any32 {
	uint32_t v;
} __attribute__((packed, may_alias));
struct any64 {
	uint64_t v;
} __attribute__((packed, may_alias));

static uint64_t load64(const unsigned char *p)
{
	return ((const struct any64 *)p)->v;
}

static void store64(unsigned char *p, uint64_t v)
{
	((struct any64 *)p)->v = v;
}

/* Keeps the compiler from making a call of the very function out of a loop. */
static void no_idiom(void)
{
	__asm__ volatile("" ::: "memory");
}

/* n < 8: everything is loaded before anything is stored, so the areas may overlap. */
static void move_small(unsigned char *d, const unsigned char *s, size_t n)
{
	if (n >= 4) {
		uint32_t head = ((const struct any32 *)s)->v;
		uint32_t tail = ((const struct any32 *)(s + n - 4))->v;
		((struct any32 *)d)->v = head;
		((struct any32 *)(d + n - 4))->v = tail;
	} else if (n >= 2) {
		uint16_t head = ((const struct any16 *)s)->v;
		unsigned char tail = s[n - 1];
		((struct any16 *)d)->v = head;
		d[n - 1] = tail;
	} else if (n == 1) {
		*d = *s;
	}
}

/* n >= 8. Upwards: right for areas that overlap with d below s. */
static void move_up(unsigned char *d, const unsigned char *s, size_t n)
{
	uint64_t tail = load64(s + n - 8);
	unsigned char *d_tail = d + n - 8;
	size_t words = n / 8;
	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words)::"memory");
	store64(d_tail, tail);
}

/* n >= 8. Downwards: for areas that overlap with d above s. */
static void move_down(unsigned char *d, const unsigned char *s, size_t n)
{
	uint64_t head = load64(s);
	for (size_t left = n; left >= 8; left -= 8) {
		store64(d + left - 8, load64(s + left - 8));
		no_idiom();
	}
	store64(d, head);
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	if (n < 8)
		move_small(dst, src, n);
	else
		move_up(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if (n < 8)
		move_small(dst, src, n);
	else if ((uintptr_t)dst - (uintptr_t)src >= n)
		move_up(dst, src, n);
	else
		move_down(dst, src, n);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	if (n < 8) {
		for (size_t i = 0; i < n; i++) {
			d[i] = (unsigned char)c;
			no_idiom();
		}
		return dst;
	}
	uint64_t pattern = 0x0101010101010101u * (unsigned char)c;
	size_t words = n / 8;
	store64(d + n - 8, pattern);
	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;
	size_t i = 0;
	while (n - i >= 8 && load64(x + i) == load64(y + i))
		i += 8;
	for (; i < n; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == (unsigned char)c)
			return (void *)(uintptr_t)(p + i);
	}
	return NULL;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;
	while (n < max && s[n] != 0) {
		n++;
		no_idiom();
	}
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
		if (x != y)
			return x < y ? -1 : 1;
		if (x == 0)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (*s == 0)
			return NULL;
	}
}
