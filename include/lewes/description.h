/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed self-description of a gateway: a JSON text that tells what it offers and which KEM
 * keys it answers with (gateway.md 13). Part of liblewes-client.
 */
#ifndef LEWES_DESCRIPTION_H
#define LEWES_DESCRIPTION_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/kem.h>
#include <lewes/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_DESCRIPTION_MAX 65536 /* bytes of the outer text; gateway.md G5.2 */
#define LEWES_SOFTWARE_CAP 64

struct lewes_description_suite {
    enum lewes_kem kem;
    uint8_t digests[LEWES_HASHES][LEWES_KEM_DIGEST_LEN]; /* by enum lewes_hash */
};

struct lewes_description {
    struct lewes_ed25519_public identity;
    uint64_t time, expires; /* Unix seconds */
    bool enabled;
    uint16_t control_port;
    uint16_t data_port;    /* 0 = none */
    unsigned modes;        /* bit (1 << enum lewes_mode) */
    unsigned ticket_types; /* bit (1 << enum lewes_ticket_type) */
    unsigned suite_count;
    struct lewes_description_suite suites[LEWES_KEM_SUITES];
    char software_name[LEWES_SOFTWARE_CAP], software_version[LEWES_SOFTWARE_CAP];
};

enum lewes_description_status {
    LEWES_DESCRIPTION_OK,
    LEWES_DESCRIPTION_MALFORMED, /* not JSON, a field missing or wrong, no generation 1 */
    LEWES_DESCRIPTION_SIGNATURE, /* not signed by the gateway */
    LEWES_DESCRIPTION_IDENTITY,  /* of another gateway */
    LEWES_DESCRIPTION_MEMORY
};

/*
 * Verifies a self-description, then reads it (G13.1, G13.2). Whether it has expired is the
 * caller's to tell: times are in the result.
 *
 * @param[out] description  untouched unless the status is OK
 * @param text              `len` bytes of JSON, at most LEWES_DESCRIPTION_MAX
 * @param gateway           whose signature it must bear
 */
LEWES_API LEWES_MUST_USE enum lewes_description_status
lewes_description_read(struct lewes_description *description, const char *text, size_t len,
                       const struct lewes_ed25519_public *gateway);

/* Returns the digest of the description for `kem` under `hash`, or NULL. */
LEWES_API const uint8_t *lewes_description_digest(const struct lewes_description *description,
                                                  enum lewes_kem kem, enum lewes_hash hash);

#ifdef __cplusplus
}
#endif

#endif
