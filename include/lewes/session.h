/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: read, write, deadline and expire are its whole life, and time is always a parameter
 * (protocol.md). Bytes in, bytes out: sockets belong to the caller.
 *
 * An initiator:   new, write (ClientHello), then read and write in turn until LEWES_EVENT_MAY_SEND,
 *                 send + write for application data, read for the answers.
 * A responder:    lewes_hello_check on the first packet, then either lewes_hello_answer (Collision,
 *                 Busy) or new with that hello, and from there the same calls.
 */
#ifndef LEWES_SESSION_H
#define LEWES_SESSION_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/kem.h>
#include <lewes/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_CONTROL_PORT 41264        /* protocol.md 1 */
#define LEWES_FRAME_PREFIX_LEN 4        /* protocol.md 2 */
#define LEWES_PACKET_MIN 36             /* protocol.md P2 */
#define LEWES_PACKET_MAX 65536          /* protocol.md P2 */
#define LEWES_HANDSHAKE_PACKET_MAX 4096 /* protocol.md P2: cap before the handshake is complete */
#define LEWES_PACKET_OVERHEAD 52        /* packet around a payload: outer 36, Noise tag 16 */
#define LEWES_PAYLOAD_MAX 65484         /* protocol.md P3 */
#define LEWES_DATAGRAM_PAYLOAD_MAX 4044 /* protocol.md P3: of a packet that is sent as datagram */
#define LEWES_HELLO_PACKET_LEN 136      /* protocol.md 4.2 */
#define LEWES_SALT_LEN 32               /* protocol.md 4.2 */
#define LEWES_CLOCK_TOLERANCE 30        /* seconds, inclusive; protocol.md 1 */

enum lewes_role { LEWES_INITIATOR, LEWES_RESPONDER };

/* protocol.md 10.1; "half-open" is everything before LEWES_TRANSPORT. */
enum lewes_state {
    LEWES_AWAIT_ACK,
    LEWES_AWAIT_KEY,
    LEWES_AWAIT_HANDSHAKE2,
    LEWES_AWAIT_ESTABLISHED,
    LEWES_AWAIT_REQUEST,
    LEWES_AWAIT_HANDSHAKE1,
    LEWES_AWAIT_HANDSHAKE3,
    LEWES_TRANSPORT,
    LEWES_REKEY_SENT,     /* Subsession(i): we began a subsession */
    LEWES_REKEY_ANSWERED, /* Subsession(r): we answered the peer's */
    LEWES_READ_ONLY,      /* replaced by a subsession; receives for 60 s */
    LEWES_CLOSED
};

/* What a packet led to. */
enum lewes_event_kind {
    LEWES_EVENT_NONE,        /* write may have something to send */
    LEWES_EVENT_MAY_SEND,    /* initiator: the gateway is proved, application data may be sent */
    LEWES_EVENT_ESTABLISHED, /* the handshake is complete */
    LEWES_EVENT_PAYLOAD,     /* application data arrived */
    LEWES_EVENT_SUBSESSION   /* a new session takes over; this one is read-only now */
};

struct lewes_event {
    enum lewes_event_kind kind;
    const uint8_t *payload;           /* PAYLOAD only: inside the packet that was read */
    size_t len;                       /* PAYLOAD only: may be 0 */
    struct lewes_session *subsession; /* SUBSESSION only: the caller's, to be freed by it */
};

/* A ClientHello that has passed every check that needs no memory (protocol.md 4.2, 4.3). */
struct lewes_hello {
    uint32_t receiver_index;
    uint64_t unix_seconds;
    uint8_t salt[LEWES_SALT_LEN];
    struct lewes_ed25519_public identity;
    struct lewes_x25519_public x25519;
};

/* A suite that an initiator accepts. */
struct lewes_suite {
    enum lewes_kem kem;
    /* What the gateway's key must hash to; required for all but X25519, whose key is the
     * gateway's identity in another form (P25, steps 7 and 8). Copied. */
    const struct lewes_kem_digest *digest;
    /* The whole key, known from an earlier handshake; NULL if not. X25519 never needs it. Copied.
     */
    const struct lewes_kem_public *key;
};

/*
 * Makes `index` belong to a new session in one step (protocol.md P68, gateway.md G4.1); returns
 * false if it is in use. Called at most 16 times, and the event SUBSESSION follows at once when it
 * has returned true. What was taken is given back by whoever frees that session.
 */
typedef bool lewes_take_index(void *user, uint32_t index);

struct lewes_session_config {
    enum lewes_role role;
    const struct lewes_identity *identity;   /* our own; must outlive the session */
    uint64_t unix_ms;                        /* Unix time that corresponds to `now` of the call */
    uint64_t handshake_ms;                   /* time for the handshake; 0 = 15 s / 30 s by role */
    uint32_t clock_tolerance;                /* responder: seconds; 0 = LEWES_CLOCK_TOLERANCE */
    const struct lewes_ed25519_public *peer; /* initiator: the gateway's identity, copied */
    const struct lewes_hello *hello;         /* responder: the accepted hello, copied */

    /* Initiator: what it accepts, best first, at most LEWES_KEM_SUITES; none = X25519 alone. */
    const struct lewes_suite *suites;
    size_t suite_count;
    bool early; /* initiator: ClientHello, KKTRequest and, if the key of the first suite is known,
                   Handshake1 in one flight (protocol.md 14); after a Collision the connection is
                   of no more use (P79) */

    bool
        subsessions; /* may rekey once, by either side (protocol.md 12); costs 32 bytes of secret */
    bool datagrams;  /* data may be lost or reordered, set on both sides (P63); who sends over UDP
                        keeps payloads within LEWES_DATAGRAM_PAYLOAD_MAX */
    lewes_take_index *take_index; /* of subsessions; NULL: every index is free */
    void *take_index_user;
};

struct lewes_session;

/*
 * Parses and checks a responder's first packet without keeping anything (P13, steps 1 to 4).
 *
 * Steps 5 to 7 are the caller's, in this order: salt not seen before, caps, receiver index not 0
 * and not in use. Index 0 is not an error here: it is to be answered with Collision.
 *
 * @param[out] hello       untouched on error
 * @param packet           `len` bytes, without the length prefix
 * @param unix_seconds     wall-clock time
 * @param clock_tolerance  seconds, inclusive
 * @retval LEWES_ERROR_LENGTH  not 136 bytes
 * @retval LEWES_ERROR_STATE   not a ClientHello
 * @retval LEWES_ERROR_TYPE    no such packet type
 * @retval LEWES_ERROR_INDEX   header index or counter not 0
 * @retval LEWES_ERROR_CLOCK   time off by more than the tolerance
 * @retval LEWES_ERROR_KEY     identity not acceptable, or X25519 field not its conversion
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_hello_check(struct lewes_hello *hello, const uint8_t *packet, size_t len,
                  uint64_t unix_seconds, uint32_t clock_tolerance);

enum lewes_hello_answer { LEWES_ANSWER_COLLISION, LEWES_ANSWER_BUSY };

/* Writes the 36-byte clear packet that refuses a hello (protocol.md 4.4, 4.5; gateway.md G2.8). */
LEWES_API void lewes_hello_answer(uint8_t out[LEWES_PACKET_MIN], enum lewes_hello_answer answer,
                                  uint32_t receiver_index);

/*
 * Makes a session and draws all its randomness. An initiator has a ClientHello to write, with
 * `early` the rest of its first flight as well; a responder has an Ack.
 *
 * @param[out] session  untouched on error
 * @param env           copied
 * @param config        copied, except `identity`
 * @param now           the caller's monotonic clock, milliseconds
 * @retval LEWES_ERROR_ARGUMENT  role without its peer or hello, hello with index 0, or suites that
 *                               cannot be: unknown, twice, too many, without the digest that they
 *                               need, with a digest or key of another one or a malformed key
 * @retval LEWES_ERROR_KEY       the peer's identity is not acceptable (P18)
 * @retval LEWES_ERROR_IDENTITY  the peer is ourselves (P69)
 * @retval LEWES_ERROR_MEMORY    no memory
 * @retval LEWES_ERROR_RANDOM    no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_session_new(struct lewes_session **session, const struct lewes_env *env,
                  const struct lewes_session_config *config, lewes_time now);

/* Wipes and frees `session`; NULL is fine. */
LEWES_API void lewes_session_free(struct lewes_session *session);

/*
 * Takes one packet (protocol.md 10.1, `receive`). It is decrypted in place: the buffer's content
 * is undefined afterwards, also on error, except for the payload of the event.
 *
 * @param packet      `len` bytes, without the length prefix; alive as long as the event is used
 * @param now         milliseconds
 * @param[out] event  set on success; kind NONE on error
 * @return LEWES_OK; an error of class packet (dropped, nothing changed), of class session (now
 *         closed), LEWES_ERROR_CLOSED if it was closed before, LEWES_ERROR_CRYPTO; where a
 *         subsession is made also LEWES_ERROR_MEMORY, LEWES_ERROR_RANDOM (packet dropped)
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_session_read(struct lewes_session *session, uint8_t *packet, size_t len, lewes_time now,
                   struct lewes_event *event);

/*
 * Writes the next packet that is due.
 *
 * @param[out] out   room for `cap` bytes; a handshake packet has at most 1 383 bytes, a payload
 *                   LEWES_PACKET_OVERHEAD more than its length
 * @param[out] len   bytes written; 0 = nothing to send; 0 on error
 * @retval LEWES_ERROR_SPACE      `cap` too small, the packet stays due
 * @retval LEWES_ERROR_EXHAUSTED  no packet counter is left
 * @retval LEWES_ERROR_CRYPTO     the back end failed; nothing was sent, the packet stays due
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_session_write(struct lewes_session *session,
                                                              uint8_t *out, size_t cap, size_t *len,
                                                              lewes_time now);

/*
 * Hands over application data for the next write. It is borrowed, not copied: `payload` must stay
 * until the write that carries it.
 *
 * @param payload  `len` bytes, 0 to LEWES_PAYLOAD_MAX
 * @retval LEWES_ERROR_NOT_READY  before LEWES_EVENT_MAY_SEND, or an earlier payload still waits
 * @retval LEWES_ERROR_TOO_LONG   `len` is above LEWES_PAYLOAD_MAX
 * @retval LEWES_ERROR_CLOSED     the session has ended
 * @retval LEWES_ERROR_READ_ONLY  a subsession has taken over
 * @retval LEWES_ERROR_EXHAUSTED  no packet counter is left
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_session_send(struct lewes_session *session,
                                                             const uint8_t *payload, size_t len,
                                                             lewes_time now);

/*
 * Takes a datagram: as lewes_session_read(), but nothing except application data is let in, and
 * the session must have been made with `datagrams` (P4, P63). One that fails changes nothing,
 * except that its counter is used up if its outer tag was right.
 *
 * @return as lewes_session_read(); LEWES_ERROR_STATE for all that is not application data;
 *         LEWES_ERROR_NOT_READY before LEWES_TRANSPORT, without the option, with a peer that
 *         counts as the original does, or in a subsession that the other end answered and in which
 *         it has not yet sent data by lewes_session_read()
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_session_read_datagram(struct lewes_session *session, uint8_t *packet, size_t len,
                            lewes_time now, struct lewes_event *event);

/*
 * Begins a subsession: the next write has its first message (protocol.md 12). The event
 * SUBSESSION, here after the peer's answer, brings the new session; without it the session goes on
 * as before after 10 s, and neither side may try again. The packet that follows the event, Ready,
 * must still be written on this session. A payload that waits when the event comes is dropped.
 *
 * @retval LEWES_ERROR_NOT_READY  not in LEWES_TRANSPORT, option off, tried before, or this session
 *                                is itself a subsession (P71)
 * @retval LEWES_ERROR_CLOSED     the session has ended
 * @retval LEWES_ERROR_MEMORY     no memory
 * @retval LEWES_ERROR_RANDOM     no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_session_rekey(struct lewes_session *session,
                                                              lewes_time now);

/* Returns the next moment at which lewes_session_expire() has something to do, or LEWES_NEVER. */
LEWES_API lewes_time lewes_session_deadline(const struct lewes_session *session);

/*
 * Does what is due at `now`: closes a session whose handshake took too long or whose successor is
 * 60 s old, gives up a subsession that is 10 s old.
 *
 * @retval LEWES_ERROR_TIMEOUT  the session has just been closed
 */
LEWES_API enum lewes_error lewes_session_expire(struct lewes_session *session, lewes_time now);

/* Closes the session and wipes its keys; there is nothing to send (P57). */
LEWES_API void lewes_session_close(struct lewes_session *session, lewes_time now);

/* Returns the state of the session. */
LEWES_API enum lewes_state lewes_session_state(const struct lewes_session *session);

/* Returns the receiver index of the session, never 0 (protocol.md 4.1). */
LEWES_API uint32_t lewes_session_receiver_index(const struct lewes_session *session);

/* Returns the peer's identity: the configured one, or the one of the hello. */
LEWES_API const struct lewes_ed25519_public *
lewes_session_peer(const struct lewes_session *session);

/* Returns the KEM suite of the handshake; an initiator's may change until the gateway's key has
 * come. */
LEWES_API enum lewes_kem lewes_session_kem(const struct lewes_session *session);

/* Tells whether the gateway's key was compared with a digest that the caller gave. */
LEWES_API bool lewes_session_digest_pinned(const struct lewes_session *session);

/* Returns the status of the gateway's last status frame (protocol.md 7.1); 0 if it sent none. */
LEWES_API unsigned lewes_session_kkt_status(const struct lewes_session *session);

/*
 * Copies the gateway's KEM key, for the next early flight.
 *
 * @param[out] key  untouched on error
 * @retval LEWES_ERROR_NOT_READY  not an initiator between LEWES_EVENT_MAY_SEND and the next write
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_session_kem_key(const struct lewes_session *session,
                                                                struct lewes_kem_public *key);

/*
 * Tells the length of the packet at the front of a byte stream (protocol.md P1, P2).
 *
 * @param prefix        the first 4 bytes of a frame
 * @param cap           the largest packet that is acceptable now
 * @param[out] len      LEWES_PACKET_MIN to `cap`; untouched on error
 * @retval LEWES_ERROR_LENGTH  outside of these: close, answer nothing
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_frame_length(const uint8_t prefix[LEWES_FRAME_PREFIX_LEN], size_t cap, size_t *len);

/* Writes the prefix of a packet of `len` bytes, LEWES_PACKET_MIN to LEWES_PACKET_MAX. */
LEWES_API void lewes_frame_prefix(uint8_t out[LEWES_FRAME_PREFIX_LEN], size_t len);

#ifdef __cplusplus
}
#endif

#endif
