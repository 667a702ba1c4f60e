/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of lewes_register(), and what its files share. A hop owns a session and the way of its
 * packets: over the connection itself, or inside forward requests of an outer hop; so one hop and
 * two are the same code. Functions that return bool have filled in the result before `false`.
 */
#ifndef LEWES_CLIENT_RUN_H
#define LEWES_CLIENT_RUN_H

#include "client/channel.h"
#include "client/journal.h"
#include "client/suites.h"

#define HELLOS_MAX 4    /* protocol.md P17 */
#define FORWARDS_MAX 16 /* whose answers may be awaited */
#define FLIGHT_CAP 16384
#define FORWARD_INDEX_LEN 4 /* registration.md R13 */

/* Packets with their prefixes, for one write (protocol.md P75, P76). */
struct flight {
    size_t len;
    size_t last; /* where the last packet begins */
    uint8_t bytes[FLIGHT_CAP];
};

/* The way of an exit's packets (registration.md 6). */
struct forwarding {
    struct lewes_endpoint address;                  /* of the exit */
    uint8_t asked[FORWARDS_MAX][FORWARD_INDEX_LEN]; /* of packets without an answer yet */
    size_t count;
    size_t abandoned; /* the first so many are of sessions that are no more */
};

/* The coin of a hop (registration.md 4). */
enum coin_phase { COIN_NONE, COIN_RESERVED, COIN_PAID, COIN_SENT, COIN_SETTLED };

struct payment {
    enum coin_phase phase;
    uint64_t coin;
    enum lewes_ticket_type type;
    int64_t made_at; /* Unix seconds in its pay_info */
    uint64_t sent_at;
    struct lewes_credential credential;
    uint8_t bytes[LEWES_PAYMENT_BOUND_LEN];
    uint8_t serial[LEWES_SERIAL_LEN];
    bool left;  /* a byte of a request with it may have left */
    bool doubt; /* one left, and no valid answer came since */
    bool refused;
    enum lewes_refusal refusal; /* the last one */
};

struct hop {
    enum lewes_hop which;
    const struct lewes_hop_options *options; /* NULL: there is no such hop */
    struct lewes_hop_result *result;
    struct hop *outer; /* NULL: packets go over the connection itself */
    struct forwarding forwarding;
    struct lewes_identity *identity;
    struct lewes_wg_public wg_key; /* our own; mixnet mode: of nobody */
    struct hop_suites suites;
    struct lewes_session *session;
    struct payment payment;
    struct journal *journal; /* NULL: none is kept */

    enum lewes_register_step step;
    const char *doing; /* in words, for `text` */
    lewes_time deadline;
    bool stepwise;    /* protocol.md P79, P80 */
    bool early;       /* the session's first flight was early */
    bool used_key;    /* and had a KEM key that was known from before */
    bool forgot_key;  /* such a key turned out to be old: once (P80) */
    bool ticket_due;  /* the next flight ends with the ticket */
    unsigned hellos;  /* of this attempt */
    unsigned replies; /* to this session */
};

/* What helps after a failure. */
enum remedy {
    REMEDY_NONE,  /* trying again is of no use */
    REMEDY_AGAIN, /* R16 to R18 */
    REMEDY_LATER  /* the same, after twice the time */
};

struct run {
    const struct lewes_register_options *options;
    struct lewes_register_result *result;
    const struct world *world;
    struct lewes_env env;
    lewes_time start, step_start;
    lewes_time limit;     /* of the whole call, or LEWES_NEVER */
    int64_t clock_offset; /* seconds */
    struct hop hops[LEWES_HOPS];
    struct hop *current; /* whose step it is */
    struct channel channel;
    bool answered;   /* something was read since the last write: the next begins a round trip */
    bool path_lost;  /* connection or outer session cannot be used any more */
    bool path_ended; /* the last failure was that the other side left */
    bool cancelled;
    enum remedy remedy;
    struct flight flight;
};

/* ---- run.c: the call as a whole ---- */

/* lewes_register() in a world. */
enum lewes_register_class run_register(const struct lewes_register_options *options,
                                       struct lewes_register_result *result,
                                       const struct world *world);
lewes_time run_now(const struct run *run);
uint64_t run_unix_ms(const struct run *run); /* corrected */
/* `ms` from now, or the end of the whole call if that is before. */
lewes_time run_deadline(const struct run *run, uint64_t ms);
/* Notes the time of the step before and tells the caller. */
void run_step(struct run *run, struct hop *hop, enum lewes_register_step step);
struct hop *run_exit(struct run *run); /* NULL: one hop */

/* ---- settings.c ---- */

/* Checks the options and fills in what follows from them alone. */
bool settings_take(struct run *run);
/* A time of the options, or what the protocol has for it. */
uint32_t setting_ms(uint32_t given, uint32_t standard);

/* ---- failure.c ---- */

struct fault {
    enum lewes_error error;
    enum remedy remedy;
    const char *advice; /* what to do if no ticket is at stake; NULL: the usual */
};

/* Sets class, error and text: what happened, what it means for the ticket, what to do. */
__attribute__((format(printf, 4, 5))) bool
run_fail(struct run *run, struct hop *hop, const struct fault *fault, const char *format, ...);
bool fail_channel(struct run *run, struct hop *hop, enum channel_status status);
bool fail_session(struct run *run, struct hop *hop, enum lewes_error error);
bool fail_handshake(struct run *run, struct hop *hop, enum lewes_error error);
bool fail_notice(struct run *run, struct hop *hop, unsigned notice);
bool fail_answer(struct run *run, struct hop *hop, const char *what);
bool fail_refused(struct run *run, struct hop *hop, const struct lewes_refused_answer *refused);
/* "the gateway", "the entry", "the exit" */
const char *hop_name(const struct run *run, const struct hop *hop);

/* ---- attempt.c: one connection ---- */

bool attempt_run(struct run *run);
/* After a failure: closes what cannot be used any more. */
void attempt_end(struct run *run);
void attempt_close(struct run *run);

/* ---- hop.c: handshake and registration of a hop ---- */

enum way { WAY_STANDS, WAY_FAILED, WAY_ANEW /* once more, over a new connection or stream */ };
enum way hop_handshake(struct run *run, struct hop *hop);
bool hop_register(struct run *run, struct hop *hop);
void hop_drop_session(struct hop *hop);

/* ---- flight.c ---- */

/* Writes all that the hop's session has due, in one write. */
bool flight_send(struct run *run, struct hop *hop);
/* Reads the next reply into the hop's session; `*error` is the session's word on it. */
bool flight_reply(struct run *run, struct hop *hop, struct lewes_event *event,
                  enum lewes_error *error);

/* ---- forwarding.c ---- */

LEWES_MUST_USE enum lewes_error forwarding_wrap(struct hop *hop, const uint8_t *packet, size_t len,
                                                uint8_t *out, size_t cap, size_t *out_len);
/* An answer came. False: nobody waits for it any more. Else `asked` is what it answers. */
bool forwarding_match(struct forwarding *forwarding, uint8_t asked[FORWARD_INDEX_LEN]);
/* The reason of a forward notice, 0: it is none (R13, P74). */
unsigned forwarding_notice(const uint8_t *packet, size_t len,
                           const uint8_t asked[FORWARD_INDEX_LEN]);
const char *forwarding_reason(unsigned notice);

/* ---- payment.c ---- */

/* Opens the journal of the hop; takes from it a known result (R22) or a payment that was sent. */
bool payment_recall(struct run *run, struct hop *hop);
bool payment_reserve(struct run *run, struct hop *hop);
bool payment_make(struct run *run, struct hop *hop);
/* The payment may leave after this. */
bool payment_commit(struct run *run, struct hop *hop);
/* The journal has it, for the next call. */
bool payment_is_kept(const struct hop *hop);
/* The answer has been taken. */
void payment_accepted(struct run *run, struct hop *hop);
/* At the end of the call: gives back, keeps, or burns. */
void payment_finish(struct run *run, struct hop *hop);

/* ---- answer.c ---- */

/* Decodes and checks the answer (registration.md 9, 10), and fills in the result. */
bool answer_take(struct run *run, struct hop *hop, const uint8_t *bytes, size_t len);

/* ---- retry.c ---- */

struct retry {
    unsigned failures; /* in all */
    unsigned before, after;
    lewes_time doubt_since;
};

/* Waits until it is time to try again; false: the last failure stands. */
bool retry_wait(struct retry *retry, struct run *run);

#endif
