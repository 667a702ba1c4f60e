/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblewes-client: one call that registers with a gateway over TCP and returns what a WireGuard
 * tunnel needs (registration.md 7 to 10). The call blocks; use a thread of your own.
 */
#ifndef LEWES_CLIENT_H
#define LEWES_CLIENT_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/keys.h>
#include <lewes/registration.h>
#include <lewes/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The three classes of R15, decided by the moment of the failure. */
enum lewes_register_class {
    LEWES_REGISTER_OK,
    LEWES_REGISTER_BEFORE_SPEND, /* no ticket has left this machine */
    LEWES_REGISTER_MAYBE_SPENT,  /* the ticket was sent and no valid answer came */
    LEWES_REGISTER_REJECTED      /* the gateway refused; `coin` says what became of the ticket */
};

/* In order of time. */
enum lewes_register_step {
    LEWES_STEP_CONNECT, /* the name is looked up, too */
    LEWES_STEP_HANDSHAKE,
    LEWES_STEP_PAY,
    LEWES_STEP_REGISTER,
    LEWES_STEP_DONE
};

/* What is to be paid for; given to the ticket source after the handshake. */
struct lewes_ticket_order {
    enum lewes_ticket_type type;
    struct lewes_pay_info pay_info; /* fresh, made out to the gateway */
};

/*
 * Where tickets come from. `pay` writes the payment into `payment` (room for
 * LEWES_PAYMENT_BOUND_LEN bytes) and fills the other fields of `credential`, whose `payment`
 * already points there. Returns 0, or another value if there is no ticket.
 */
struct lewes_ticket_source {
    void *user;
    int (*pay)(void *user, const struct lewes_ticket_order *order, uint8_t *payment,
               struct lewes_credential *credential);
};

/* A source of tickets that are worth nothing, for gateways that run with the mock verifier. */
LEWES_API struct lewes_ticket_source lewes_ticket_source_mock(void);

struct lewes_register_options {
    struct lewes_ed25519_public gateway; /* the gateway's identity */
    const char *host;                    /* name or address, without brackets */
    uint16_t port;                       /* 0 = LEWES_CONTROL_PORT */
    struct lewes_ed25519_seed identity;  /* our own, one for each gateway and WireGuard key */
    struct lewes_wg_private wg_key;
    struct lewes_ticket_source tickets;
    uint32_t connect_ms;         /* name and connection together; 0 = 10 000, to 300 000 */
    uint32_t handshake_ms;       /* 0 = 15 000, to 300 000 */
    uint32_t registration_ms;    /* 0 = 30 000, to 300 000 */
    int cancel_fd;               /* every wait ends when it becomes readable; <= 0: none */
    const struct lewes_env *env; /* NULL = lewes_env_system() */
    /* May be NULL: told when each step begins, with the milliseconds since the start. */
    void (*progress)(void *user, enum lewes_register_step step, uint64_t elapsed_ms);
    void *progress_user;
};

#define LEWES_RESULT_TEXT_CAP 1024

struct lewes_register_result {
    enum lewes_register_class outcome; /* says how far it got */
    enum lewes_register_step step;     /* the step that failed; LEWES_STEP_DONE on success */
    enum lewes_error error;            /* of the protocol; LEWES_OK if the network failed */
    int os_error;                      /* errno of the network, 0 if none */
    enum lewes_refusal refusal;        /* REJECTED only */
    enum lewes_coin coin;              /* REJECTED only */
    char text[LEWES_RESULT_TEXT_CAP];  /* what happened, what it means, what to do */
    /* On success: */
    struct lewes_wg_public gateway_key;
    struct lewes_endpoint endpoint; /* address that was reached, port of the answer (R19) */
    uint8_t ipv4[4];
    uint8_t ipv6[16];
    int64_t bandwidth;  /* bytes that may still be used */
    uint64_t unix_time; /* seconds, when the answer came */
    enum lewes_kem kem;
    bool pq_handshake;            /* a post-quantum KEM was used */
    bool pq_tunnel;               /* a WireGuard pre-shared key was agreed; never at generation 1 */
    uint64_t ms[LEWES_STEP_DONE]; /* milliseconds spent in each step */
};

/*
 * Registers with a gateway: connect, handshake, pay, register, check the answer.
 *
 * @param options      copied where needed
 * @param[out] result  always filled; `text` explains every failure
 * @return `result->outcome`
 */
LEWES_API enum lewes_register_class lewes_register(const struct lewes_register_options *options,
                                                   struct lewes_register_result *result);

struct lewes_profile_options {
    const char *dns; /* NULL, or a list for the DNS line */
    uint16_t mtu;    /* 0 = 1420 */
};

/*
 * Writes the wg-quick profile of a successful result (R21).
 *
 * @param[out] out  NUL-terminated text, holds the private key; `cap` bytes, 1 024 is enough
 * @return its length without NUL, or 0 if `cap` is too small (then `out` is empty)
 */
LEWES_API size_t lewes_profile_write(char *out, size_t cap,
                                     const struct lewes_register_result *result,
                                     const struct lewes_wg_private *wg_key,
                                     const struct lewes_profile_options *options);

/* Fills `env` with malloc, free and getrandom(2). */
LEWES_API void lewes_env_system(struct lewes_env *env);

#ifdef __cplusplus
}
#endif

#endif
