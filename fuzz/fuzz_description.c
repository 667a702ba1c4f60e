/* SPDX-License-Identifier: Apache-2.0 */
/* Self-descriptions of gateways: any bytes, and any bytes with a good signature (gateway.md
 * G13.1). */
#include <string.h>

#include <lewes/description.h>

#include "description/base64.h"
#include "fuzz/fuzz.h"

#define INNER_CAP 8192
#define TEXT_CAP (2 * INNER_CAP)

static struct fuzz_env env;
static struct lewes_identity *gateway;

static void set_up(void)
{
    struct lewes_ed25519_seed seed;

    if (gateway != NULL)
        return;
    memset(&seed, 0x22, sizeof seed);
    fuzz_env_init(&env, 1);
    PROMISE(lewes_identity_new(&gateway, &env.env, &seed) == LEWES_OK);
}

static enum lewes_description_status read_text(const char *text, size_t len)
{
    struct lewes_description description, untouched;

    memset(&description, 0x5a, sizeof description);
    memcpy(&untouched, &description, sizeof untouched);
    const enum lewes_description_status status =
        lewes_description_read(&description, text, len, lewes_identity_public(gateway));

    if (status != LEWES_DESCRIPTION_OK) {
        PROMISE(same_bytes(&description, &untouched, sizeof untouched));
        return status;
    }
    PROMISE(memcmp(&description.identity, lewes_identity_public(gateway), LEWES_KEY_LEN) == 0);
    PROMISE(description.suite_count <= LEWES_KEM_SUITES && description.control_port != 0);
    PROMISE(description.time <= description.expires);
    PROMISE(memchr(description.software_name, '\0', LEWES_SOFTWARE_CAP) != NULL);
    PROMISE(memchr(description.software_version, '\0', LEWES_SOFTWARE_CAP) != NULL);
    for (unsigned i = 0; i < description.suite_count; i++)
        PROMISE(lewes_description_digest(&description, description.suites[i].kem,
                                         LEWES_HASH_BLAKE3) != NULL);
    return status;
}

/* The bytes as they would come from their owner. */
static void read_signed(const uint8_t *inner, size_t len)
{
    static char text[TEXT_CAP], encoded[TEXT_CAP];
    uint8_t signature[LEWES_SIGNATURE_LEN];
    char identity[LEWES_BASE58_CAP], mark[DESCRIPTION_BASE64_LEN(LEWES_SIGNATURE_LEN) + 1];

    PROMISE(lewes_description_sign(signature, gateway, inner, len) == LEWES_OK);
    lewes_base58_encode(identity, lewes_identity_public(gateway)->bytes);
    description_base64_encode(encoded, inner, len);
    description_base64_encode(mark, signature, sizeof signature);
    const int text_len = snprintf(
        text, sizeof text, "{\"identity\":\"%s\",\"signed\":\"%s\",\"signed_signature\":\"%s\"}",
        identity, encoded, mark);
    PROMISE(text_len > 0 && (size_t)text_len < sizeof text);
    PROMISE(read_text(text, (size_t)text_len) != LEWES_DESCRIPTION_SIGNATURE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    set_up();
    PROMISE(read_text(size > 0 ? (const char *)data : "", size) != LEWES_DESCRIPTION_OK ||
            size > LEWES_KEY_LEN);
    if (size <= INNER_CAP)
        read_signed(data, size);
    return 0;
}
