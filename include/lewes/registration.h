/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registration messages: the plaintext that travels inside an established session
 * (registration.md). Decoders are strict, allocate nothing and leave outputs untouched on error;
 * byte fields that have no fixed size point into the input.
 */
#ifndef LEWES_REGISTRATION_H
#define LEWES_REGISTRATION_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_REQUEST_MAX 2048         /* registration.md R6 */
#define LEWES_ANSWER_MAX 8192          /* registration.md R6 */
#define LEWES_REFUSAL_TEXT_MAX 4096    /* registration.md R6 */
#define LEWES_PAY_INFO_LEN 72          /* registration.md 4 */
#define LEWES_PAYMENT_UNBOUND_LEN 1157 /* registration.md R6 */
#define LEWES_PAYMENT_BOUND_LEN 1190   /* registration.md R6 */
#define LEWES_FORWARD_INNER_MAX 65395  /* protocol.md P73 */

enum lewes_mode { LEWES_MODE_DVPN = 0, LEWES_MODE_MIXNET = 1 };

/* registration.md 3 */
enum lewes_ticket_type {
    LEWES_TICKET_MIXNET_ENTRY = 0,
    LEWES_TICKET_MIXNET_EXIT = 1,
    LEWES_TICKET_WG_ENTRY = 2,
    LEWES_TICKET_WG_EXIT = 3
};

struct lewes_ip {
    uint8_t family;    /* 4 or 6 */
    uint8_t bytes[16]; /* the first 4 or all 16, network order; the rest zero */
};

struct lewes_endpoint {
    struct lewes_ip ip;
    uint16_t port; /* never 0 on the wire */
};

/* What a payment is bound to (registration.md 4). */
struct lewes_pay_info {
    uint8_t random[32];
    int64_t unix_seconds;
    struct lewes_ed25519_public gateway;
};

struct lewes_date {
    uint16_t year; /* 2020 to 2199 */
    uint16_t day;  /* of the year, 1 to 366 */
};

struct lewes_credential {
    const uint8_t *payment; /* LEWES_PAYMENT_BOUND_LEN or LEWES_PAYMENT_UNBOUND_LEN bytes */
    size_t payment_len;
    uint8_t pay_info[LEWES_PAY_INFO_LEN];
    struct lewes_date spend_date;
    uint64_t epoch;
};

struct lewes_request {
    struct lewes_wg_public wg_key;
    struct lewes_credential credential;
    enum lewes_ticket_type ticket_type;
    enum lewes_mode mode;
    struct lewes_ed25519_public mixnet_identity; /* mixnet mode only, else zero */
    struct lewes_x25519_public mixnet_x25519;    /* mixnet mode only, else zero */
    struct lewes_ip client_ip;                   /* the gateway's address; nobody reads it */
    uint64_t timestamp;                          /* Unix seconds */
};

enum lewes_answer_kind { LEWES_ANSWER_DVPN, LEWES_ANSWER_MIXNET, LEWES_ANSWER_REFUSED };

struct lewes_dvpn_answer {
    struct lewes_wg_public gateway_key;
    struct lewes_endpoint endpoint;
    uint8_t ipv4[4];
    uint8_t ipv6[16];
};

struct lewes_mixnet_answer {
    struct lewes_ed25519_public gateway_identity;
    struct lewes_x25519_public sphinx_key;
};

struct lewes_refused_answer {
    const char *text; /* `len` bytes of UTF-8, no NUL at the end; may hold control characters */
    size_t len;
};

struct lewes_answer {
    enum lewes_answer_kind kind; /* says which member of the union is meant */
    union {
        struct lewes_dvpn_answer dvpn;
        struct lewes_mixnet_answer mixnet;
        struct lewes_refused_answer refused;
    } as;
    int64_t bandwidth; /* bytes that may still be used; 0 when refused */
};

/* Why a gateway refuses (registration.md 5.1). */
enum lewes_refusal {
    LEWES_REFUSAL_TIMESTAMP,
    LEWES_REFUSAL_NO_ADDRESS,
    LEWES_REFUSAL_PUBLIC_KEY,
    LEWES_REFUSAL_OTHER_IDENTITY,
    LEWES_REFUSAL_DEVICE,
    LEWES_REFUSAL_SPENT,
    LEWES_REFUSAL_PROOF,
    LEWES_REFUSAL_MULTIPLE,
    LEWES_REFUSAL_TICKET_TYPE,
    LEWES_REFUSAL_SPEND_DATE,
    LEWES_REFUSAL_STALE,
    LEWES_REFUSAL_PAYEE,
    LEWES_REFUSAL_EPOCH,
    LEWES_REFUSAL_STORE,
    LEWES_REFUSAL_CLIENT_IDENTITY,
    LEWES_REFUSAL_ALREADY_REGISTERED, /* the original's, mixnet only */
    LEWES_REFUSAL_MODE,
    LEWES_REFUSAL_MALFORMED,
    LEWES_REFUSAL_BUSY,
    LEWES_REFUSAL_SHUTDOWN,
    LEWES_REFUSAL_OTHER /* a text of another implementation */
};

/* What became of the ticket. */
enum lewes_coin {
    LEWES_COIN_NOT_TAKEN,
    LEWES_COIN_CREDITED, /* to the WireGuard key of the request */
    LEWES_COIN_LOST,     /* spent earlier */
    LEWES_COIN_UNKNOWN
};

/* Returns the exact text that a gateway sends for `refusal`; "" for LEWES_REFUSAL_OTHER. */
LEWES_API const char *lewes_refusal_text(enum lewes_refusal refusal);

/* Finds the refusal that a text of `len` bytes stands for, by prefix; LEWES_REFUSAL_OTHER if none.
 */
LEWES_API enum lewes_refusal lewes_refusal_find(const char *text, size_t len);

/* Returns what a refusal by a lewesd means for the ticket. */
LEWES_API enum lewes_coin lewes_refusal_coin(enum lewes_refusal refusal);

enum lewes_payload_kind { LEWES_PAYLOAD_REGISTRATION, LEWES_PAYLOAD_FORWARD };

/* Tells a registration request from a forward request before decoding (R12). */
LEWES_API enum lewes_payload_kind lewes_payload_kind(const uint8_t *payload, size_t len);

/* Writes the 72 bytes of `info` (registration.md 4). */
LEWES_API void lewes_pay_info_encode(uint8_t out[LEWES_PAY_INFO_LEN],
                                     const struct lewes_pay_info *info);

/* Reads the 72 bytes; every content is accepted. */
LEWES_API void lewes_pay_info_decode(struct lewes_pay_info *info,
                                     const uint8_t bytes[LEWES_PAY_INFO_LEN]);

/* Returns the UTC calendar date of a Unix time. */
LEWES_API struct lewes_date lewes_date_of(uint64_t unix_seconds);

/*
 * Encodes a registration request (registration.md 3).
 *
 * @param[out] out  room for `cap` bytes, LEWES_REQUEST_MAX is enough; untouched or zeroed on error
 * @param[out] len  bytes written; untouched on error
 * @retval LEWES_ERROR_SPACE  `cap` too small
 * @retval LEWES_ERROR_VALUE  a field without encoding (R2, R6)
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_request_encode(const struct lewes_request *request, uint8_t *out, size_t cap, size_t *len);

/*
 * Decodes a registration request. Key checks that need arithmetic (R7) are the registrar's.
 *
 * @param[out] request  untouched on error; the payment points into `bytes`
 * @param bytes         exactly one message of `len` bytes
 * @param[out] field    may be NULL; on error the number of the field of registration.md 3 that
 *                      failed, 0 for the message as a whole
 * @retval LEWES_ERROR_LENGTH  too long, or bytes left over
 * @retval LEWES_ERROR_FORMAT  a field that is cut short or breaks R5 or R6
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_request_decode(struct lewes_request *request,
                                                               const uint8_t *bytes, size_t len,
                                                               unsigned *field);

/*
 * Encodes an answer (registration.md 5).
 *
 * @param[out] out  room for `cap` bytes, LEWES_ANSWER_MAX is enough; untouched or zeroed on error
 * @param[out] len  bytes written; untouched on error
 * @retval LEWES_ERROR_SPACE  `cap` too small
 * @retval LEWES_ERROR_VALUE  port 0, negative bandwidth, a refusal with bandwidth or without text
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_answer_encode(const struct lewes_answer *answer, uint8_t *out, size_t cap, size_t *len);

/*
 * Decodes an answer; only the combinations of R11 exist.
 *
 * @param[out] answer  untouched on error; a refusal's text points into `bytes`
 * @param bytes        exactly one message of `len` bytes
 * @param[out] field   as for requests, numbers of registration.md 5
 * @retval LEWES_ERROR_LENGTH  too long, or bytes left over
 * @retval LEWES_ERROR_FORMAT  a field that is cut short or breaks R5, R6 or R11
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_answer_decode(struct lewes_answer *answer, const uint8_t *bytes, size_t len, unsigned *field);

/* One packet for another gateway (registration.md 6). */
struct lewes_forward {
    struct lewes_ed25519_public target;
    struct lewes_endpoint address;
    const uint8_t *packet; /* 1 to LEWES_FORWARD_INNER_MAX bytes */
    size_t packet_len;
};

/*
 * Encodes a forward request.
 *
 * @param[out] out  room for `cap` bytes; untouched or zeroed on error
 * @param[out] len  bytes written; untouched on error
 * @retval LEWES_ERROR_SPACE  `cap` too small
 * @retval LEWES_ERROR_VALUE  port 0, or no packet, or one too long
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_forward_encode(const struct lewes_forward *forward, uint8_t *out, size_t cap, size_t *len);

/*
 * Decodes a forward request; an IPv4-mapped address becomes IPv4.
 *
 * @param[out] forward  untouched on error; the packet points into `bytes`
 * @retval LEWES_ERROR_LENGTH  bytes left over
 * @retval LEWES_ERROR_FORMAT  a field that is cut short, or an address that breaks the grammar of
 *                             registration.md 6
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_forward_decode(struct lewes_forward *forward,
                                                               const uint8_t *bytes, size_t len,
                                                               unsigned *field);

#ifdef __cplusplus
}
#endif

#endif
