/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as text: each has one spelling. */
#include <string.h>

#include <lewes/keys.h>

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[LEWES_KEY_LEN];
    char text[LEWES_BASE58_CAP > LEWES_BASE64_CAP ? LEWES_BASE58_CAP : LEWES_BASE64_CAP];

    if (lewes_base58_decode(bytes, (const char *)data, size) == LEWES_OK) {
        lewes_base58_encode(text, bytes);
        PROMISE(strlen(text) == size && memcmp(text, data, size) == 0);
    }
    if (lewes_base64_decode(bytes, (const char *)data, size) == LEWES_OK) {
        lewes_base64_encode(text, bytes);
        PROMISE(strlen(text) == size && memcmp(text, data, size) == 0);
    }
    if (size >= LEWES_KEY_LEN) {
        struct lewes_ed25519_public identity;
        struct lewes_wg_public wg;
        memcpy(identity.bytes, data, LEWES_KEY_LEN);
        memcpy(wg.bytes, data, LEWES_KEY_LEN);
        (void)!lewes_ed25519_check(&identity);
        (void)!lewes_wg_check(&wg);
        lewes_base58_encode(text, data);
        PROMISE(lewes_base58_decode(bytes, text, strlen(text)) == LEWES_OK);
        PROMISE(memcmp(bytes, data, sizeof bytes) == 0);
    }
    return 0;
}
