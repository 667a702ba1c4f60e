/* SPDX-License-Identifier: Apache-2.0 */
/* Ten groups of four letters at a time, by the library's functions for keys of 32 bytes: they have
 * neither tables nor branches, for some of this is secret. */
#include "description/base64.h"

#include <string.h>

#include <lewes/keys.h>

#define BLOCK 30         /* bytes of a key that are used; the last two are zero */
#define BLOCK_LETTERS 40 /* that stand for them */
#define REST "AAA="      /* for the last two */

void description_base64_encode(char *out, const uint8_t *bytes, size_t len)
{
    uint8_t key[LEWES_KEY_LEN];
    char text[LEWES_BASE64_CAP];

    while (len > 0) {
        const size_t part = len < BLOCK ? len : BLOCK;

        memset(key, 0, sizeof key);
        memcpy(key, bytes, part);
        lewes_base64_encode(text, key);
        memcpy(out, text, DESCRIPTION_BASE64_LEN(part));
        out += DESCRIPTION_BASE64_LEN(part);
        bytes += part;
        len -= part;
        if (part % 3 != 0)
            memset(out - (3 - part % 3), '=', 3 - part % 3);
    }
    *out = '\0';
    lewes_wipe(key, sizeof key);
    lewes_wipe(text, sizeof text);
}

/* Reads at most BLOCK_LETTERS, none of them '='; what they say behind `len` bytes must be zero. */
static bool decode_block(uint8_t *out, size_t len, const char *letters, size_t count)
{
    char text[LEWES_BASE64_CAP];
    uint8_t key[LEWES_KEY_LEN], behind = 0;
    bool good;

    memset(text, 'A', BLOCK_LETTERS);
    memcpy(text, letters, count);
    memcpy(text + BLOCK_LETTERS, REST, sizeof REST);
    good = lewes_base64_decode(key, text, LEWES_BASE64_CAP - 1) == LEWES_OK;
    for (size_t i = len; i < sizeof key; i++)
        behind |= key[i];
    memcpy(out, key, len);
    lewes_wipe(text, sizeof text);
    lewes_wipe(key, sizeof key);
    return good && behind == 0;
}

bool description_base64_decode(uint8_t *bytes, size_t cap, size_t *len, const char *text,
                               size_t text_len)
{
    size_t letters = text_len, done = 0;
    bool good = true;

    while (letters > 0 && text_len - letters < 2 && text[letters - 1] == '=')
        letters--;
    if (text_len % 4 != 0 || text_len / 4 * 3 - (text_len - letters) > cap)
        return false;
    for (size_t at = 0; at < letters; at += BLOCK_LETTERS) {
        const size_t count = letters - at < BLOCK_LETTERS ? letters - at : BLOCK_LETTERS;
        const size_t part = count * 3 / 4;

        good = decode_block(bytes + done, part, text + at, count) && good;
        done += part;
    }
    if (!good) {
        lewes_wipe(bytes, done);
        return false;
    }
    *len = done;
    return true;
}
