/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets as a gateway sees them (ecash.md 5, 6, 9): the form of a payment, its verification, who
 * spent a coin twice; and a well-formed payment that proves nothing, for development.
 */
#ifndef LEWES_TICKET_H
#define LEWES_TICKET_H

#include <lewes/base.h>
#include <lewes/registration.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_SERIAL_LEN 48     /* ecash.md 5, S */
#define LEWES_TICKET_TAG_LEN 48 /* ecash.md 5, T */
#define LEWES_USER_KEY_LEN 48   /* ecash.md E8 */

/* ---- form: no arithmetic ---- */

/* What stands in a payment; nothing of it is proved. */
struct lewes_payment_view {
    uint8_t serial[LEWES_SERIAL_LEN];
    uint8_t tag[LEWES_TICKET_TAG_LEN];
    enum lewes_ticket_type type;
    bool bound;
};

/*
 * Finds the length of the payment at the front of `bytes` by its fixed bytes (ecash.md 6, step 1).
 *
 * @param bytes     `available` bytes; more may follow the payment
 * @param[out] len  LEWES_PAYMENT_BOUND_LEN or LEWES_PAYMENT_UNBOUND_LEN; untouched on error
 * @retval LEWES_ERROR_TICKET_FORM   too short, or a length byte, point or scalar of the wrong form
 * @retval LEWES_ERROR_TICKET_VALUE  several tickets in one
 * @retval LEWES_ERROR_TICKET_SHAPE  a list that is longer or shorter than in any payment
 * @retval LEWES_ERROR_TICKET_TYPE   no such ticket type
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_payment_measure(const uint8_t *bytes,
                                                                size_t available, size_t *len);

/*
 * Reads what a payment says about itself: good as a key to look up, not as evidence.
 *
 * @param[out] view  untouched on error
 * @param payment    exactly one payment of `len` bytes
 * @return as lewes_payment_measure(); LEWES_ERROR_TICKET_FORM if bytes follow
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_payment_peek(struct lewes_payment_view *view,
                                                             const uint8_t *payment, size_t len);

/* ---- verification ---- */

/* The fixed points of the scheme. One serves a process; read-only, shared by all threads. */
struct lewes_ecash;

/*
 * Computes the fixed points (ecash.md 1) and their tables, about 40 kB.
 *
 * @param[out] ecash  untouched on error
 * @retval LEWES_ERROR_MEMORY  no memory
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_ecash_new(struct lewes_ecash **ecash,
                                                          const struct lewes_env *env);
/* NULL is fine. No key may use it any more. */
LEWES_API void lewes_ecash_free(struct lewes_ecash *ecash);

/* The verification key of an epoch; read-only, shared by all threads. */
struct lewes_ecash_key;

/*
 * Reads and checks a verification key (ecash.md E5, E6), about 130 kB with its tables.
 *
 * @param[out] key  untouched on error
 * @param ecash     must outlive the key
 * @param bytes     `len` bytes, copied
 * @retval LEWES_ERROR_KEY     not a verification key
 * @retval LEWES_ERROR_MEMORY  no memory
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_ecash_key_new(struct lewes_ecash_key **key, const struct lewes_env *env,
                    const struct lewes_ecash *ecash, const uint8_t *bytes, size_t len);
/* NULL is fine. */
LEWES_API void lewes_ecash_key_free(struct lewes_ecash_key *key);

struct lewes_ticket_claim {
    const uint8_t *payment; /* `len` bytes */
    size_t len;
    const uint8_t *pay_info; /* LEWES_PAY_INFO_LEN bytes */
    uint32_t day;            /* spend date: Unix seconds of 00:00 UTC */
    bool require_bound;      /* policy (ecash.md E20) */
};

/* What a valid payment proves. */
struct lewes_ticket {
    uint8_t serial[LEWES_SERIAL_LEN];
    uint8_t tag[LEWES_TICKET_TAG_LEN];
    uint8_t pay_info_hash[32]; /* R, little-endian */
    enum lewes_ticket_type type;
    bool bound;
};

/*
 * Verifies a payment: steps 1 and 7 to 11 of ecash.md 6. Type, payee, times, epoch and serial are
 * the caller's to compare. Takes about 4 ms; allocates nothing.
 *
 * @param[out] ticket  untouched on error
 * @return LEWES_OK; an error of class ticket, the first that applies
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_ticket_verify(const struct lewes_ecash_key *key, const struct lewes_ticket_claim *claim,
                    struct lewes_ticket *ticket);

/*
 * Names the spender of one coin in two valid tickets (ecash.md E25).
 *
 * @param[out] user  the public key; untouched on error
 * @retval LEWES_ERROR_ARGUMENT  the serials differ, or both are the same payment (a replay)
 * @retval LEWES_ERROR_FORMAT    a tag is no point, a hash no scalar: not from lewes_ticket_verify()
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_ticket_identify(uint8_t user[LEWES_USER_KEY_LEN],
                                                                const struct lewes_ticket *a,
                                                                const struct lewes_ticket *b);

/* Writes a payment in which every point is a group generator and every scalar small: of good form,
 * decodable by the strictest reader, and worthless. */
LEWES_API void lewes_payment_mock(uint8_t out[LEWES_PAYMENT_BOUND_LEN],
                                  enum lewes_ticket_type type);

#ifdef __cplusplus
}
#endif

#endif
