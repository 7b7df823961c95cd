/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --json: one object on stdout, whatever happened, made with Jansson. Every one has "version" (of its
 * schema, JSON_VERSION: fields may be added within a version), "exit_status", and "error": the text of
 * the complaint, or null (also where the status is only an answer: STATUS_NOT_RESUMED). Numbers are exact up to 2^53; what may be larger, addresses and hashes, is
 * hexadecimal text.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "exit_status.h"

#define JSON_VERSION 1

/* Text of at most max bytes, up to a zero; what is not UTF-8 becomes \xff. */
json_t *json_text(const char *text, size_t max);
json_t *json_hex(uint64_t value);                   /* "0x1f" */
json_t *json_bytes(const uint8_t *bytes, size_t n); /* "00ff": hexadecimal digits */
json_t *json_number(uint64_t value);                /* text where it would not be exact */

/* Adds the three fields and prints it; takes the reference. The exit status: status, or STATUS_FAILED
 * after a complaint when there was no memory for all of it. */
enum exit_status json_print(json_t *object, enum exit_status status);

/* Enters value, and takes the reference; where either is NULL a later json_print knows. */
void json_enter(json_t *object, const char *key, json_t *value);
void json_add(json_t *array, json_t *value);

#endif
