/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the session, its handshake scratch, and the tables. */
#ifndef LEWESI_SESSION_SESSION_INTERNAL_H
#define LEWESI_SESSION_SESSION_INTERNAL_H

#include <stdbool.h>

#include <lewes/session.h>

#include "lib/crypto/identity.h"
#include "lib/kkt/kkt.h"
#include "lib/noise/noise.h"
#include "lib/psq/psq.h"
#include "lib/session/replay.h"
#include "lib/wire/packet.h"
#include "lib/wire/subsession.h"

#define LEWESI_INITIATOR_BASE (UINT64_C(1) << 62)       /* protocol.md P64, a */
#define LEWESI_RESPONDER_BASE (UINT64_C(1) << 63)       /* protocol.md P64, b without r */
#define LEWESI_RESPONDER_RANDOM_BITS 61                 /* protocol.md P64, r */
#define LEWESI_PACKETS_MAX (UINT64_C(1) << 60)          /* protocol.md P64, a direction */
#define LEWESI_DROPS_MAX 4                              /* protocol.md P52 */
#define LEWESI_NOISE_FAILURES_MAX 16                    /* protocol.md P53 */
#define LEWESI_STATUS_FRAMES_MAX 2                      /* protocol.md P33 */
#define LEWESI_PSQ_BACKDATING 300                       /* seconds; protocol.md P36 */
#define LEWESI_PSQ_PREFIX_LEN 2                         /* protocol.md 9.3 */
#define LEWESI_NOISE_E_LEN (32 + LEWESI_NOISE_TAG_LEN)  /* protocol.md 9.1, messages 1 and 2 */
#define LEWESI_NOISE_SE_LEN (48 + LEWESI_NOISE_TAG_LEN) /* protocol.md 9.1, message 3 */
#define LEWESI_HANDSHAKE1_COUNTER 1                     /* protocol.md 6 */
#define LEWESI_SKIPS_MAX 3                              /* KK1, Abort, Ready of one peer */
#define LEWESI_STATES (LEWES_CLOSED + 1)

/* Everything that a constructor draws or decides (protocol.md P22). */
struct lewesi_session_params {
    struct lewes_x25519_private noise_ephemeral;
    uint64_t first_counter; /* of our encrypted packets */
    bool original_counters; /* columns "original" of protocol.md 6: the directions overlap, and a
                               responder's encrypted Ack has the literal counter 0 (P65) */

    /* Initiator only. */
    uint32_t receiver_index;
    uint8_t salt[LEWES_SALT_LEN]; /* begins with the hello time, protocol.md 4.2 */
    uint8_t kkt_session_id[LEWESI_KKT_SESSION_ID_LEN];
    uint8_t kem_random[LEWESI_KEM_RANDOM_MAX];
    struct lewesi_psq_times psq_time;
};

/* Everything that either end of a subsession draws (protocol.md P22). */
struct lewesi_rekey_params {
    struct lewes_x25519_private ephemeral;
    uint64_t first_counter; /* of the new session's packets */
    uint32_t index;         /* initiator only: of the new session, unless it is in use */
};

/* A subsession that is being made; wiped and freed when it is complete or given up. */
struct lewesi_rekey {
    struct lewesi_noise noise;       /* initiator: until KK2 has come */
    struct lewes_session *successor; /* lacks its index, an initiator's its keys as well */
    uint32_t index;                  /* initiator: the first that it will try */
    uint8_t message[LEWESI_KK_LEN];  /* body of our KK1 or KK2 */
};

/* A suite that an initiator accepts. */
struct lewesi_allowed {
    const struct lewesi_kem *kem;
    bool pinned; /* `digest` is set */
    struct lewes_kem_digest digest;
};

/* What is needed until the transport keys exist; wiped and freed then. */
struct lewesi_handshake {
    size_t size; /* of this block */
    struct lewesi_session_params params;
    struct lewes_x25519_public peer_x25519;
    const struct lewesi_kem *kem;
    struct lewesi_noise noise;
    struct lewesi_psq_keys psq;

    /* Responder only. */
    lewes_time start;
    uint64_t unix_ms; /* at `start` */
    uint32_t clock_tolerance;
    struct lewesi_kkt_request requests[LEWESI_STATUS_FRAMES_MAX + 1]; /* in order of arrival */
    uint8_t requests_read, requests_answered;

    /* Initiator only. */
    struct lewesi_allowed suites[LEWES_KEM_SUITES]; /* best first */
    uint8_t suite_count, suite;                     /* `kem` is that of suites[suite] */
    bool early;                                     /* KKTRequest does not wait for the Ack */
    bool key_known;       /* Handshake1 does not wait for the KKT response (P75) */
    uint8_t kem_public[]; /* room for any of the suites'; known: from the beginning */
};

/* Packets of the handshake that are to be written; a session's are a queue of these. */
enum lewesi_due {
    LEWESI_DUE_HELLO,
    LEWESI_DUE_KKT_REQUEST,
    LEWESI_DUE_HANDSHAKE1,
    LEWESI_DUE_HANDSHAKE3,
    LEWESI_DUE_ACK,
    LEWESI_DUE_KKT_RESPONSE,
    LEWESI_DUE_HANDSHAKE2,
    LEWESI_DUE_SEALED_ACK,
    LEWESI_DUE_KK1,
    LEWESI_DUE_KK2,
    LEWESI_DUE_READY,
    LEWESI_DUE_ABORT,
    LEWESI_DUE_KINDS
};
#define LEWESI_DUE_MAX 8 /* a responder that writes nothing has 6: three KKT responses */

struct lewes_session {
    struct lewes_env env;
    const struct lewes_identity *identity;
    struct lewesi_handshake *handshake; /* NULL once the transport keys exist */
    struct lewes_ed25519_public peer;
    enum lewes_role role;
    enum lewes_state state;
    enum lewes_kem kem;
    uint32_t index;
    lewes_time deadline;

    uint8_t kkt_status; /* initiator: of the last status frame, P25 */
    bool digest_pinned; /* initiator: the gateway's key was compared with a digest */

    uint8_t drops;          /* in half-open states, P52 */
    uint8_t noise_failures; /* one after the other, P53 */

    uint8_t due_count;
    uint8_t due[LEWESI_DUE_MAX]; /* enum lewesi_due, oldest first */
    bool payload_waits;
    const uint8_t *payload; /* borrowed */
    size_t payload_len;

    bool keyed; /* outer_key is set */
    bool original_counters;
    struct lewesi_outer_key outer_key;
    /* Of encrypted packets: first, next, and the first that may not be used. */
    uint64_t counter_first, counter, counter_end;
    struct lewesi_replay replay;
    struct lewesi_cipher send, receive;

    bool subsessions;           /* psk_registration is kept, or will be: a KK1 may be answered */
    bool rekey_begun;           /* by us; it may not be begun again, P67 */
    uint32_t successor;         /* what Ready announces */
    struct lewesi_rekey *rekey; /* NULL outside of LEWES_REKEY_SENT and LEWES_REKEY_ANSWERED */
    uint8_t psk_registration[32];
    lewes_take_index *take_index;
    void *take_index_user;

    /* P63: a data message's nonce is its counter, less `offset`, less one for each of the peer's
     * other packets before it. */
    bool datagrams, offset_known;
    uint8_t skips;
    uint64_t offset;
    uint64_t skipped[LEWESI_SKIPS_MAX]; /* the counters of those, oldest first */
};

/* A packet whose outer layer is done. */
struct lewesi_incoming {
    enum lewesi_type type;
    bool admissible; /* encrypted packets: what the replay window said */
    bool datagram;
    uint64_t counter;
    uint8_t *body;
    size_t len;
    lewes_time now;
    struct lewes_event *event;
    const struct lewesi_rekey_params *rekey; /* NULL: to be drawn if needed */
};

/* The caller's buffer. */
struct lewesi_outgoing {
    uint8_t *bytes;
    size_t cap;
    size_t reserved; /* bytes that may have been touched */
    size_t len;      /* of the finished packet */
};

/* An error leaves the session as it was (P51). */
typedef enum lewes_error lewesi_handler(struct lewes_session *session, struct lewesi_incoming *in);
typedef enum lewes_error lewesi_builder(struct lewes_session *session, struct lewesi_outgoing *out);

/* ---- tables.c ---- */

/* [role][state][type]; an empty slot is LEWES_ERROR_STATE (protocol.md 10.2, 10.3). */
extern lewesi_handler *const lewesi_handlers[2][LEWESI_STATES][LEWESI_TYPES];
extern lewesi_builder *const lewesi_builders[LEWESI_DUE_KINDS];

/* ---- session.c ---- */

/* The only assignment to the state; entering LEWES_CLOSED wipes (P57). */
void lewesi_session_enter(struct lewes_session *session, enum lewes_state state);
bool lewesi_session_half_open(const struct lewes_session *session);
/* lewes_session_read(): sets all of `in` but `datagram`, `now`, `event` and `rekey`. */
LEWES_MUST_USE enum lewes_error lewesi_session_receive(struct lewes_session *session,
                                                       uint8_t *packet, size_t len,
                                                       struct lewesi_incoming *in);

/* ---- session_new.c ---- */

/* Makes a session from given parameters; errors as lewes_session_new() without RANDOM. */
LEWES_MUST_USE enum lewes_error
lewesi_session_make(struct lewes_session **session, const struct lewes_env *env,
                    const struct lewes_session_config *config,
                    const struct lewesi_session_params *params, lewes_time now);
void lewesi_handshake_free(struct lewes_session *session);
/* Never 0 (P12). */
LEWES_MUST_USE enum lewes_error lewesi_draw_index(const struct lewes_env *env, uint32_t *index);
/* Where the sequence of a role begins (P64). */
LEWES_MUST_USE enum lewes_error lewesi_draw_counter(const struct lewes_env *env,
                                                    enum lewes_role role, uint64_t *counter);

/* ---- outgoing.c ---- */

void lewesi_due_add(struct lewes_session *session, enum lewesi_due due);
bool lewesi_due_has(const struct lewes_session *session, enum lewesi_due due);
void lewesi_due_done(struct lewes_session *session); /* drops the oldest */
void lewesi_due_remove(struct lewes_session *session, enum lewesi_due due);

/* Where a body of `body_len` bytes belongs, or NULL if the packet does not fit. */
uint8_t *lewesi_outgoing_body(struct lewesi_outgoing *out, size_t body_len);
/* Completes a clear packet. */
void lewesi_outgoing_clear(struct lewesi_outgoing *out, const struct lewesi_packet *header,
                           size_t body_len);
/* Completes an encrypted packet and uses up a counter. EXHAUSTED, CRYPTO: it does not. */
LEWES_MUST_USE enum lewes_error lewesi_outgoing_seal(struct lewes_session *session,
                                                     struct lewesi_outgoing *out,
                                                     enum lewesi_type type, size_t body_len);
/* The same with a counter that does not come from the sequence: the profile "original counters". */
LEWES_MUST_USE enum lewes_error
lewesi_outgoing_seal_at(struct lewes_session *session, struct lewesi_outgoing *out,
                        const struct lewesi_packet *header, size_t body_len);

/* ---- handshake_initiator.c ---- */

lewesi_builder lewesi_build_hello, lewesi_build_kkt_request, lewesi_build_handshake1,
    lewesi_build_handshake3;
lewesi_handler lewesi_on_ack, lewesi_on_collision, lewesi_on_busy, lewesi_on_kkt_response,
    lewesi_on_handshake2, lewesi_on_sealed_ack;

/* ---- handshake_responder.c ---- */

lewesi_builder lewesi_build_ack, lewesi_build_kkt_response, lewesi_build_handshake2,
    lewesi_build_sealed_ack;
lewesi_handler lewesi_on_kkt_request, lewesi_on_handshake1, lewesi_on_handshake3;

/* ---- transport.c ---- */

lewesi_builder lewesi_build_payload;
lewesi_handler lewesi_on_data, lewesi_on_ignored;

/* The peer's next packet is its first data message: how its nonces follow from here (P63). */
void lewesi_datagrams_begin(struct lewes_session *session, uint64_t counter);
/* The peer spent this counter on another packet than data. */
void lewesi_datagrams_skip(struct lewes_session *session, uint64_t counter);

/* ---- subsession.c ---- */

lewesi_builder lewesi_build_kk, lewesi_build_ready, lewesi_build_abort;
lewesi_handler lewesi_on_kk1, lewesi_on_kk2, lewesi_on_ready, lewesi_on_abort;

/* The transport keys exist: what a rekey will need is kept, the rest of the handshake freed. */
void lewesi_handshake_end(struct lewes_session *session);
/* lewes_session_rekey() with given parameters, or NULL. */
LEWES_MUST_USE enum lewes_error lewesi_rekey_begin(struct lewes_session *session,
                                                   const struct lewesi_rekey_params *given,
                                                   lewes_time now);
/* Back to LEWES_TRANSPORT for good (P67). */
void lewesi_rekey_fail(struct lewes_session *session);
/* Wipes and frees what belongs to a rekey. */
void lewesi_rekey_forget(struct lewes_session *session);

#endif
