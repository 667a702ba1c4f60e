/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of a Noise handshake with fixed keys. Message n is written by end n % 2. */
#ifndef TESTS_SUPPORT_NOISE_ENDS_H
#define TESTS_SUPPORT_NOISE_ENDS_H

#include "lib/noise/noise.h"
#include "lib/noise/patterns.h"

#define NOISE_ENDS_CAP (LEWESI_NOISE_MESSAGE_MAX + 64)

struct noise_end {
    struct lewes_x25519_private s_private, e_private;
    struct lewes_x25519_public s;
    struct lewesi_noise noise;
};

struct noise_ends {
    struct noise_end ends[2];      /* initiator, responder */
    uint8_t bytes[NOISE_ENDS_CAP]; /* the last message */
    size_t len;
};

extern const uint8_t noise_ends_psk[32];

/* Both ends before the first message, psk set; the initiator's static key is 32 times `fill`.
 * To be freed with free(). */
struct noise_ends *noise_ends_new(const struct lewesi_noise_pattern *pattern, uint8_t fill);
/* The same with `messages` messages exchanged. */
struct noise_ends *noise_ends_after(const struct lewesi_noise_pattern *pattern, unsigned messages);

struct lewesi_noise *noise_writer(struct noise_ends *ends, unsigned message);
struct lewesi_noise *noise_reader(struct noise_ends *ends, unsigned message);
/* What `message` has without a payload (protocol.md 9.1, 12). */
size_t noise_message_len(const struct noise_ends *ends, unsigned message);
/* Is this the message whose tokens have psk? */
bool noise_message_has_psk(const struct noise_ends *ends, unsigned message);

/* Writes a payload of `payload` zeros into `cap` bytes; `len` is 0 afterwards if it failed. */
enum lewes_error noise_write_capped(struct noise_ends *ends, unsigned message, size_t payload,
                                    size_t cap);
/* Writes without a payload. */
enum lewes_error noise_write(struct noise_ends *ends, unsigned message);

/* Reads a copy of exactly `len` bytes, with no payload allowed. That a refusal leaves the object
 * bitwise unchanged is asserted. */
enum lewes_error noise_read_bytes(struct lewesi_noise *noise, const uint8_t *bytes, size_t len);
/* Reads what was written last. */
enum lewes_error noise_read(struct noise_ends *ends, unsigned message);

/* Calls `check` for both patterns and each of their messages, with ends that are about to write
 * that message. */
void noise_for_each_message(void (*check)(struct noise_ends *ends, unsigned message));

#endif
