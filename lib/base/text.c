/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <lewes/keys.h>

#include "lib/base/secret.h"

#define BASE58_MAX (LEWES_BASE58_CAP - 1)
#define BASE64_LEN (LEWES_BASE64_CAP - 1)

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Adds `carry` to base * number; returns what does not fit. Least significant digit last. */
static unsigned push_digit(uint8_t number[LEWES_KEY_LEN], unsigned base, unsigned carry)
{
    for (size_t i = LEWES_KEY_LEN; i-- > 0;) {
        carry += number[i] * base;
        number[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry;
}

/* Divides by 58; returns the remainder. */
static unsigned pop_digit(uint8_t number[LEWES_KEY_LEN])
{
    unsigned remainder = 0;

    for (size_t i = 0; i < LEWES_KEY_LEN; i++) {
        remainder = remainder << 8 | number[i];
        number[i] = (uint8_t)(remainder / 58);
        remainder %= 58;
    }
    return remainder;
}

static size_t leading_zeros(const uint8_t number[LEWES_KEY_LEN])
{
    size_t zeros = 0;

    while (zeros < LEWES_KEY_LEN && number[zeros] == 0)
        zeros++;
    return zeros;
}

void lewes_base58_encode(char out[LEWES_BASE58_CAP], const uint8_t bytes[LEWES_KEY_LEN])
{
    const size_t zeros = leading_zeros(bytes);
    uint8_t number[LEWES_KEY_LEN];
    char digits[BASE58_MAX];
    size_t first = BASE58_MAX;

    memcpy(number, bytes, LEWES_KEY_LEN);
    while (leading_zeros(number) < LEWES_KEY_LEN)
        digits[--first] = alphabet[pop_digit(number)];
    memset(out, alphabet[0], zeros);
    memcpy(out + zeros, digits + first, BASE58_MAX - first);
    out[zeros + BASE58_MAX - first] = '\0';
}

/* The value of a digit, or 58. */
static unsigned digit_value(char c)
{
    unsigned value = 0;

    while (value < 58 && alphabet[value] != c)
        value++;
    return value;
}

enum lewes_error lewes_base58_decode(uint8_t bytes[LEWES_KEY_LEN], const char *text, size_t len)
{
    uint8_t number[LEWES_KEY_LEN] = {0};
    size_t ones = 0;

    if (len < LEWES_KEY_LEN || len > BASE58_MAX)
        return LEWES_ERROR_FORMAT;
    for (size_t i = 0; i < len; i++) {
        const unsigned value = digit_value(text[i]);

        if (value == 58 || push_digit(number, 58, value) != 0)
            return LEWES_ERROR_FORMAT;
    }
    /* Each leading digit of value zero stands for a zero byte, and for nothing else. */
    while (ones < len && text[ones] == alphabet[0])
        ones++;
    if (ones != leading_zeros(number))
        return LEWES_ERROR_FORMAT;
    memcpy(bytes, number, LEWES_KEY_LEN);
    return LEWES_OK;
}

/* Base64 has no tables and no branches: these bytes are private keys. */

/* All ones if low <= v <= high, else 0; for values below 2^31. */
static unsigned within(unsigned v, unsigned low, unsigned high)
{
    return (((v - low) | (high - v)) >> 31) - 1U;
}

static char sextet_letter(unsigned v)
{
    return (char)((within(v, 0, 25) & (v + 'A')) | (within(v, 26, 51) & (v - 26 + 'a')) |
                  (within(v, 52, 61) & (v - 52 + '0')) | (within(v, 62, 62) & '+') |
                  (within(v, 63, 63) & '/'));
}

/* The value of a letter, or `bad` gets a bit. */
static unsigned letter_sextet(char letter, unsigned *bad)
{
    const unsigned c = (unsigned char)letter;
    const unsigned upper = within(c, 'A', 'Z'), lower = within(c, 'a', 'z');
    const unsigned digit = within(c, '0', '9'), plus = within(c, '+', '+');
    const unsigned slash = within(c, '/', '/');

    *bad |= ~(upper | lower | digit | plus | slash);
    return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) | (plus & 62) |
           (slash & 63);
}

void lewes_base64_encode(char out[LEWES_BASE64_CAP], const uint8_t bytes[LEWES_KEY_LEN])
{
    unsigned buffer = 0, bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < LEWES_KEY_LEN; i++) {
        buffer = buffer << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            out[at++] = sextet_letter(buffer >> (bits - 6) & 63);
    }
    out[at++] = sextet_letter(buffer << (6 - bits) & 63);
    out[at++] = '=';
    out[at] = '\0';
}

enum lewes_error lewes_base64_decode(uint8_t bytes[LEWES_KEY_LEN], const char *text, size_t len)
{
    unsigned buffer = 0, bits = 0, bad = 0;
    size_t at = 0;

    if (len != BASE64_LEN) {
        lewesi_wipe(bytes, LEWES_KEY_LEN);
        return LEWES_ERROR_FORMAT;
    }
    for (size_t i = 0; i < BASE64_LEN - 1; i++) {
        buffer = buffer << 6 | letter_sextet(text[i], &bad);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[at++] = (uint8_t)(buffer >> bits);
        }
    }
    bad |= buffer & 3; /* the unused bits of the last letter */
    bad |= ~within((unsigned char)text[BASE64_LEN - 1], '=', '=');
    /* Whether it is a key is no secret; from here on, and no earlier. */
    if (!lewesi_is_zero(&bad, sizeof bad)) {
        lewesi_wipe(bytes, LEWES_KEY_LEN);
        return LEWES_ERROR_FORMAT;
    }
    return LEWES_OK;
}
