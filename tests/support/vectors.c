/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PATH_CAP 4096

static void full_path(char out[PATH_CAP], const char *path)
{
    const int len = snprintf(out, PATH_CAP, "%s/%s", LEWES_VECTORS, path);

    assert_true(len > 0 && len < PATH_CAP);
}

json_t *vectors_load(const char *path)
{
    char full[PATH_CAP];
    json_error_t error;
    json_t *root;

    full_path(full, path);
    root = json_load_file(full, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s:%d: %s", full, error.line, error.text);
    return root;
}

FILE *vectors_open(const char *path)
{
    char full[PATH_CAP];
    FILE *file;

    full_path(full, path);
    file = fopen(full, "r");
    if (file == NULL)
        fail_msg("cannot read %s", full);
    return file;
}

const json_t *vectors_member(const json_t *object, const char *key)
{
    const json_t *const member = json_object_get(object, key);

    if (member == NULL)
        fail_msg("no member \"%s\"", key);
    return member;
}

const char *vectors_text(const json_t *object, const char *key)
{
    const char *const text = json_string_value(vectors_member(object, key));

    if (text == NULL)
        fail_msg("member \"%s\" is no string", key);
    return text;
}

bool vectors_text_is(const json_t *object, const char *key, const char *expected)
{
    return strcmp(vectors_text(object, key), expected) == 0;
}

static unsigned digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *const found = c == '\0' ? NULL : strchr(digits, lower);

    if (found == NULL) {
        fail_msg("not a hexadecimal digit: 0x%02x", (unsigned)(unsigned char)c);
        return 0;
    }
    return (unsigned)(found - digits);
}

void vector_hex_prefix(const char *hex, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned high = digit(hex[2 * i]);

        out[i] = (uint8_t)(high << 4 | digit(hex[2 * i + 1]));
    }
}

void vector_hex(const char *hex, uint8_t *out, size_t len)
{
    if (strlen(hex) != 2 * len)
        fail_msg("%zu hexadecimal digits where %zu are expected", strlen(hex), 2 * len);
    vector_hex_prefix(hex, out, len);
}

size_t vectors_hex(const json_t *object, const char *key, uint8_t *out, size_t cap)
{
    const char *const hex = vectors_text(object, key);
    const size_t len = strlen(hex) / 2;

    if (len > cap)
        fail_msg("member \"%s\" has %zu bytes, there is room for %zu", key, len, cap);
    vector_hex(hex, out, len);
    return len;
}

void vectors_exact(const json_t *object, const char *key, uint8_t *out, size_t len)
{
    vector_hex(vectors_text(object, key), out, len);
}
