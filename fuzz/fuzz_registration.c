/* SPDX-License-Identifier: Apache-2.0 */
/* Request, answer, forward: what decodes encodes to the same bytes, if its numbers were written in
 * the shortest way (registration.md R8). */
#include <string.h>

#include <lewes/registration.h>

#include "fuzz/fuzz.h"

#define CAP (1 << 17)

static uint8_t again[CAP], third[CAP];

/* A second round changes nothing any more. */
#define ROUND_TRIP(kind, type, from, from_len)                                                     \
    do {                                                                                           \
        struct type second;                                                                        \
        size_t len = 0, len3 = 0;                                                                  \
        PROMISE(lewes_##kind##_encode(&value, again, sizeof again, &len) == LEWES_OK);             \
        PROMISE(len <= (from_len));                                                                \
        PROMISE(len < (from_len) || memcmp(again, (from), len) == 0);                              \
        PROMISE(lewes_##kind##_decode(&second, again, len, NULL) == LEWES_OK);                     \
        PROMISE(lewes_##kind##_encode(&second, third, sizeof third, &len3) == LEWES_OK);           \
        PROMISE(len3 == len && memcmp(third, again, len) == 0);                                    \
    } while (0)

static void request(const uint8_t *data, size_t size)
{
    struct lewes_request value;
    unsigned field;
    if (lewes_request_decode(&value, data, size, &field) == LEWES_OK) {
        PROMISE(lewes_payload_kind(data, size) == LEWES_PAYLOAD_REGISTRATION);
        ROUND_TRIP(request, lewes_request, data, size);
    }
}

static void answer(const uint8_t *data, size_t size)
{
    struct lewes_answer value;
    unsigned field;
    if (lewes_answer_decode(&value, data, size, &field) == LEWES_OK)
        ROUND_TRIP(answer, lewes_answer, data, size);
}

/* Addresses have several spellings: what comes back need not be the same text. */
static void forward(const uint8_t *data, size_t size)
{
    struct lewes_forward value, second;
    size_t len = 0;
    unsigned field;
    if (lewes_forward_decode(&value, data, size, &field) != LEWES_OK)
        return;
    PROMISE(lewes_payload_kind(data, size) == LEWES_PAYLOAD_FORWARD);
    PROMISE(lewes_forward_encode(&value, again, sizeof again, &len) == LEWES_OK);
    PROMISE(lewes_forward_decode(&second, again, len, NULL) == LEWES_OK);
    PROMISE(same_bytes(&second.address, &value.address, sizeof value.address));
    PROMISE(second.packet_len == value.packet_len);
    PROMISE(memcmp(second.packet, value.packet, value.packet_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    request(data, size);
    answer(data, size);
    forward(data, size);
    (void)lewes_refusal_find((const char *)data, size);
    return 0;
}
