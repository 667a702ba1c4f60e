/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblewes-client: one call that registers with a gateway over TCP, or through it with a second
 * one, and returns what WireGuard tunnels need (registration.md 7 to 10). The call blocks; use a
 * thread of your own.
 */
#ifndef LEWES_CLIENT_H
#define LEWES_CLIENT_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/description.h>
#include <lewes/keys.h>
#include <lewes/registration.h>
#include <lewes/session.h>
#include <lewes/ticket.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lewes_hop { LEWES_HOP_ENTRY, LEWES_HOP_EXIT };
#define LEWES_HOPS 2

/* The three classes of R15, decided by the moment of the failure. */
enum lewes_register_class {
    LEWES_REGISTER_OK,
    LEWES_REGISTER_BEFORE_SPEND, /* no ticket has left this machine */
    LEWES_REGISTER_MAYBE_SPENT,  /* the ticket was sent and no valid answer came */
    LEWES_REGISTER_REJECTED      /* the gateway refused; `coin` says what became of the ticket */
};

/* Of one hop, in order of time. */
enum lewes_register_step {
    LEWES_STEP_CONNECT, /* the name is looked up, too; an exit has none of it */
    LEWES_STEP_HANDSHAKE,
    LEWES_STEP_PAY,
    LEWES_STEP_REGISTER,
    LEWES_STEP_DONE
};

/* ---- tickets ---- */

/* What is to be paid for; given to the ticket source after the handshake. */
struct lewes_ticket_order {
    enum lewes_ticket_type type;
    struct lewes_pay_info pay_info; /* fresh, made out to the gateway */
};

/* registration.md 4 */
enum lewes_coin_state {
    LEWES_COIN_FREE,   /* not used: it may pay for something else */
    LEWES_COIN_SENT,   /* its payment is about to leave: only that one may be sent again (R10) */
    LEWES_COIN_SPENT,  /* a gateway took it */
    LEWES_COIN_BURNED, /* it has left the machine and will not be used any more */
};

/* Where tickets come from. The calls for one coin come in this order: reserve, pay, settle(SENT),
 * settle(SPENT or BURNED); settle(FREE) after reserve or pay gives it back. A coin that the journal
 * keeps for the next call stays SENT, and is settled by that one; without a journal it is BURNED.
 * A call that returns must have made its effect durable. */
struct lewes_ticket_source {
    void *user;
    /* Before any connection. Sets `*coin`, a name for the coin; 0, or another value: none left. */
    int (*reserve)(void *user, enum lewes_ticket_type type, uint64_t *coin);
    /* Writes the payment into `payment` (room for LEWES_PAYMENT_BOUND_LEN bytes) and fills the
     * other fields of `credential`, whose `payment` already points there. 0, or another value. */
    int (*pay)(void *user, uint64_t coin, const struct lewes_ticket_order *order, uint8_t *payment,
               struct lewes_credential *credential);
    /* 0, or another value: then a coin that was to be SENT does not leave the machine. */
    int (*settle)(void *user, uint64_t coin, enum lewes_coin_state state);
    /* After reserve found none: writes why into `out`, half a sentence. May be NULL. */
    void (*explain)(void *user, enum lewes_ticket_type type, char *out, size_t cap);
};

/* A source of tickets that are worth nothing, for gateways that run with the mock verifier. */
LEWES_API struct lewes_ticket_source lewes_ticket_source_mock(void);

/* Ticket books, a file each, in a directory of their own (ecash.md 10). */
struct lewes_books;

/*
 * Opens a directory of ticket books; it is made (0700) if it is missing. Any number of processes
 * may use it at a time: no coin is given to two of them.
 *
 * @param[out] books  untouched on error
 * @param env         copied; NULL = lewes_env_system()
 * @return 0; -1 with errno: ENOMEM, EPERM if others may write there, or what the system said
 */
LEWES_API LEWES_MUST_USE int lewes_books_open(struct lewes_books **books, const char *directory,
                                              const struct lewes_env *env);

/*
 * The same for a single book, used where it lies: beside it a lock file is made. A copy of a book
 * that is used, too, would pay twice from one coin, which names its owner.
 *
 * @param[out] books  untouched on error
 * @return 0; -1 with errno: ENOENT, EBADMSG if it is damaged or its signatures do not hold, EPERM
 *         if others may read it or write in its directory, ENAMETOOLONG over 63 bytes, or as above
 */
LEWES_API LEWES_MUST_USE int lewes_books_open_file(struct lewes_books **books, const char *path,
                                                   const struct lewes_env *env);

/* Gives back what is reserved; NULL is fine. No registration may use its tickets any more. */
LEWES_API void lewes_books_close(struct lewes_books *books);

/* A source of tickets from these books: those that expire first are used first. */
LEWES_API struct lewes_ticket_source lewes_ticket_source_books(struct lewes_books *books);

/* ---- what is asked for ---- */

/* A gateway, and who we are to it. */
struct lewes_hop_options {
    struct lewes_ed25519_public gateway; /* the gateway's identity */
    const char *host; /* name or address, without brackets; an exit's must be an address */
    uint16_t port;    /* 0 = LEWES_CONTROL_PORT */
    const struct lewes_description *description; /* verified; NULL: nothing is known */
    bool description_is_new; /* made just now: a clock that differs is corrected, in either way */
    struct lewes_ed25519_seed identity; /* our own, one for each gateway and WireGuard key */
    struct lewes_wg_private wg_key;     /* another one for each hop; mixnet mode: not used */
};

enum lewes_kem_choice {
    LEWES_CHOOSE_AUTO, /* the strongest suite that the description names, else X25519 */
    LEWES_CHOOSE_X25519,
    LEWES_CHOOSE_MLKEM768,
    LEWES_CHOOSE_XWING
};

struct lewes_register_result;

struct lewes_register_options {
    struct lewes_hop_options entry;
    const struct lewes_hop_options *exit; /* NULL: one hop */
    enum lewes_mode mode;                 /* MIXNET: one hop only */
    struct lewes_x25519_public mixnet_x25519;
    struct lewes_ticket_source tickets;

    enum lewes_kem_choice kem;
    bool require_pq; /* fail before anything is spent unless each handshake is post-quantum */
    bool stepwise;   /* one message, one reply: 5 round trips instead of 2 (protocol.md 14) */

    uint32_t connect_ms;      /* name and connection together; 0 = 10 000, to 300 000 */
    uint32_t handshake_ms;    /* 0 = 15 000, to 300 000 */
    uint32_t registration_ms; /* 0 = 30 000, to 300 000 */
    uint32_t forward_ms;      /* 0 = 30 000, to 300 000 */
    uint32_t overall_ms;      /* 0 = no limit */
    unsigned tries;           /* of each kind of R16 and R17; 0 = 4 and 5 */
    int cancel_fd;            /* every wait ends when it becomes readable; <= 0: none */

    /* Directories, made if missing; NULL: nothing is remembered. The journal makes retries safe
     * across crashes and gives known results again (R17, R22); the cache holds KEM keys. */
    const char *journal, *cache;
    bool top_up; /* connect although the journal has a result with credit (R22) */

    /* Another way to a tunnel, tried when this one has failed; 0 = it worked (R18). */
    int (*fallback)(void *user, const struct lewes_register_result *failed);
    void *fallback_user;
    bool fallback_after_maybe_spent;

    const struct lewes_env *env; /* NULL = lewes_env_system() */
    /* May be NULL: told when each step of a hop begins, with the milliseconds since the start. */
    void (*progress)(void *user, enum lewes_hop hop, enum lewes_register_step step,
                     uint64_t elapsed_ms);
    void *progress_user;
};

/* ---- what comes of it ---- */

struct lewes_tunnel {
    struct lewes_wg_public gateway_key;
    struct lewes_endpoint endpoint; /* address that was reached, port of the answer (R19) */
    uint8_t ipv4[4];
    uint8_t ipv6[16];
};

/* Two types, so that the one cannot be taken for the other (R14). */
struct lewes_entry_tunnel {
    struct lewes_tunnel tunnel;
};
struct lewes_exit_tunnel {
    struct lewes_tunnel tunnel;
};

struct lewes_hop_result {
    bool registered;                  /* the tunnel of this hop, or `mixnet`, is valid */
    bool repeated;                    /* by a retry of a payment that had been sent before */
    bool known;                       /* from the journal, nothing was sent */
    int64_t bandwidth;                /* bytes that may still be used */
    uint64_t unix_time;               /* seconds, when the answer came */
    uint8_t serial[LEWES_SERIAL_LEN]; /* of the coin that paid */
    enum lewes_kem kem;               /* of the last handshake */
    bool handshaken;                  /* there was one */
    bool pq_handshake;                /* a post-quantum KEM was used */
    bool digest_pinned;               /* the KEM key was compared with the gateway's description */
    bool pq_tunnel;               /* a WireGuard pre-shared key was agreed; never at generation 1 */
    bool early;                   /* the first flight was an early one */
    unsigned round_trips;         /* of the last attempt, without the TCP handshake */
    uint64_t ms[LEWES_STEP_DONE]; /* milliseconds spent in each step, of the last attempt */
};

#define LEWES_RESULT_TEXT_CAP 1024

struct lewes_register_result {
    enum lewes_register_class outcome; /* says how far it got */
    enum lewes_hop hop;                /* the hop that failed */
    enum lewes_register_step step;     /* its step that failed; LEWES_STEP_DONE on success */
    enum lewes_error error;            /* of the protocol; LEWES_OK if the network failed */
    int os_error;                      /* errno of the network, 0 if none */
    unsigned notice;                   /* forward notice (R13), 1 to 7, 0 if none */
    enum lewes_refusal refusal;        /* REJECTED only */
    enum lewes_coin coin;              /* REJECTED only */
    unsigned attempts;                 /* connections that were tried */
    bool fell_back;                    /* the fallback worked; outcome says why it was needed */
    int64_t clock_offset;              /* seconds that this machine's clock was corrected by */
    char text[LEWES_RESULT_TEXT_CAP];  /* what happened, what it means, what to do */
    struct lewes_hop_result hops[LEWES_HOPS];
    struct lewes_entry_tunnel entry;   /* if hops[LEWES_HOP_ENTRY].registered, dVPN mode */
    struct lewes_exit_tunnel exit;     /* if hops[LEWES_HOP_EXIT].registered */
    struct lewes_mixnet_answer mixnet; /* mixnet mode */
};

/*
 * Registers: connect, handshake, pay, register, check the answer; in two hops all of it with the
 * exit first, through the entry (registration.md 8). Failures are tried again as R16 to R18 say.
 *
 * @param options      copied where needed
 * @param[out] result  always filled; `text` explains every failure
 * @return `result->outcome`
 */
LEWES_API enum lewes_register_class lewes_register(const struct lewes_register_options *options,
                                                   struct lewes_register_result *result);

/* ---- profiles ---- */

struct lewes_profile_options {
    const char *dns; /* NULL, or a list for the DNS line */
    uint16_t mtu;    /* 0 = 1420, the exit's 1340 */
};

/*
 * Writes the wg-quick profile of a single hop (R21).
 *
 * @param[out] out  NUL-terminated text, holds the private key; `cap` bytes, 1 024 is enough
 * @return its length without NUL, or 0 if `cap` is too small (then `out` is empty)
 */
LEWES_API size_t lewes_profile_write(char *out, size_t cap, const struct lewes_entry_tunnel *entry,
                                     const struct lewes_wg_private *wg_key,
                                     const struct lewes_profile_options *options);

/* The same for the outer tunnel of two: it carries the exit's packets and nothing else. */
LEWES_API size_t lewes_profile_write_entry(char *out, size_t cap,
                                           const struct lewes_entry_tunnel *entry,
                                           const struct lewes_exit_tunnel *exit,
                                           const struct lewes_wg_private *wg_key,
                                           const struct lewes_profile_options *options);

/* The same for the inner tunnel of two, brought up after the outer one. */
LEWES_API size_t lewes_profile_write_exit(char *out, size_t cap,
                                          const struct lewes_exit_tunnel *exit,
                                          const struct lewes_wg_private *wg_key,
                                          const struct lewes_profile_options *options);

/* Fills `env` with malloc, free and getrandom(2). */
LEWES_API void lewes_env_system(struct lewes_env *env);

#ifdef __cplusplus
}
#endif

#endif
