/* SPDX-License-Identifier: Apache-2.0 */
/* Published values: files below tests/vectors, and hexadecimal text. What is missing or malformed
 * is a failed cmocka assertion. */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* Loads a JSON file by its path below tests/vectors. The caller calls json_decref(). */
json_t *vectors_load(const char *path);

/* Opens a file of another format for reading. The caller calls fclose(). */
FILE *vectors_open(const char *path);

/* Members of an object. */
const json_t *vectors_member(const json_t *object, const char *key);
const char *vectors_text(const json_t *object, const char *key);
bool vectors_text_is(const json_t *object, const char *key, const char *expected);

/* Decodes the hexadecimal member `key`, of at most `cap` bytes, and returns its length. */
size_t vectors_hex(const json_t *object, const char *key, uint8_t *out, size_t cap);
/* The same for a member of exactly `len` bytes. */
void vectors_exact(const json_t *object, const char *key, uint8_t *out, size_t len);

/* Decodes 2 * len digits; in the first form nothing may follow. */
void vector_hex(const char *hex, uint8_t *out, size_t len);
void vector_hex_prefix(const char *hex, uint8_t *out, size_t len);

#endif
