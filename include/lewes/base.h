/* SPDX-License-Identifier: Apache-2.0 */
/* What every other header builds on: the caller's environment, time, and errors. */
#ifndef LEWES_BASE_H
#define LEWES_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LEWES_API __attribute__((visibility("default")))
#define LEWES_MUST_USE __attribute__((warn_unused_result))
#else
#define LEWES_API
#define LEWES_MUST_USE
#endif

/* Milliseconds of a monotonic clock, the caller's. The library never reads a clock. */
typedef uint64_t lewes_time;
#define LEWES_NEVER UINT64_MAX

/*
 * The only way of the library to memory and randomness. It is copied by constructors; `user` must
 * outlive every object made with it. `allocate` returns NULL on failure, `release` takes what
 * `allocate` returned (never NULL), `random` fills all `len` bytes and returns 0, or returns
 * another value and the operation fails with LEWES_ERROR_RANDOM.
 */
struct lewes_env {
    void *user;
    void *(*allocate)(void *user, size_t size);
    void (*release)(void *user, void *block, size_t size);
    int (*random)(void *user, uint8_t *out, size_t len);
};

/* Errors are negative; the block says who is to blame and what to do next (protocol.md 10.1). */
enum lewes_error {
    LEWES_OK = 0,

    /* Caller: nothing happened, the object is as it was. */
    LEWES_ERROR_ARGUMENT = -1,  /* a parameter or setting that can never be right */
    LEWES_ERROR_NOT_READY = -2, /* not possible in this state of the session */
    LEWES_ERROR_CLOSED = -3,    /* the session has ended */
    LEWES_ERROR_READ_ONLY = -4, /* the session was replaced, it only receives */
    LEWES_ERROR_TOO_LONG = -5,  /* the payload does not fit into one packet */
    LEWES_ERROR_SPACE = -6,     /* the output buffer is too small */
    LEWES_ERROR_EXHAUSTED = -7, /* no packet counter is left */
    LEWES_ERROR_VALUE = -8,     /* a value that has no encoding */
    LEWES_ERROR_KEY = -9,       /* not a usable key: no point, small order, wrong text */

    /* Packet: dropped, the session is untouched. */
    LEWES_ERROR_LENGTH = -101, /* a length that the message cannot have */
    LEWES_ERROR_FORMAT = -102, /* a field that cannot be read */
    LEWES_ERROR_TYPE = -103,   /* no such packet type */
    LEWES_ERROR_INDEX = -104,  /* a packet of another session */
    LEWES_ERROR_AUTH = -105,   /* the outer tag is wrong */
    LEWES_ERROR_REPLAY = -106, /* counter seen before, or too old */
    LEWES_ERROR_STATE = -107,  /* not expected now */
    LEWES_ERROR_KKT = -108,    /* a key transfer frame that is malformed or not authentic */
    LEWES_ERROR_PSQ = -109,    /* a PSQ message that is malformed or not authentic */
    LEWES_ERROR_CLOCK = -110,  /* a time outside of the tolerance */
    LEWES_ERROR_NOISE = -111,  /* the Noise layer did not open */

    /* Session: closed, its secrets are wiped. */
    LEWES_ERROR_COLLISION = -201,  /* the responder has the receiver index in use */
    LEWES_ERROR_BUSY = -202,       /* the responder is overloaded */
    LEWES_ERROR_KKT_STATUS = -203, /* the responder refused the suite */
    LEWES_ERROR_KKT_KEY = -204,    /* the KEM key is malformed or not the expected one */
    LEWES_ERROR_SUITE = -205,      /* the responder has another suite than the one asked for */
    LEWES_ERROR_IDENTITY = -206,   /* the peer is not who it said it was */
    LEWES_ERROR_PEER = -207,       /* an authenticated peer broke the protocol */
    LEWES_ERROR_GIVE_UP = -208,    /* too many bad packets */
    LEWES_ERROR_TIMEOUT = -209,    /* the handshake took too long */

    /* Machine: the operation did not happen for want of a resource. */
    LEWES_ERROR_MEMORY = -301,
    LEWES_ERROR_RANDOM = -302,
    LEWES_ERROR_CRYPTO = -303, /* the cryptographic back end failed */

    /* Ticket: this payment is refused (ecash.md 6); nothing else happened. */
    LEWES_ERROR_TICKET_FORM = -401,    /* not the bytes of a payment */
    LEWES_ERROR_TICKET_VALUE = -402,   /* not of one ticket */
    LEWES_ERROR_TICKET_SHAPE = -403,   /* a list of another length than it must have */
    LEWES_ERROR_TICKET_TYPE = -404,    /* not of the type that is asked for */
    LEWES_ERROR_TICKET_UNBOUND = -405, /* of the older kind that does not prove its coin index */
    LEWES_ERROR_TICKET_POINT = -406,   /* infinity, or a challenge of zero, where none may be */
    LEWES_ERROR_TICKET_PROOF = -407,   /* the proof does not hold */
    LEWES_ERROR_TICKET_WALLET = -408,  /* the signature of the book does not */
    LEWES_ERROR_TICKET_DATE = -409,    /* the signature of the date does not */
    LEWES_ERROR_TICKET_INDEX = -410    /* the signature of the coin does not */
};

enum lewes_error_class {
    LEWES_CLASS_NONE,    /* LEWES_OK */
    LEWES_CLASS_CALLER,  /* nothing happened */
    LEWES_CLASS_PACKET,  /* packet dropped, session untouched */
    LEWES_CLASS_SESSION, /* session closed */
    LEWES_CLASS_MACHINE, /* out of memory or randomness */
    LEWES_CLASS_TICKET   /* payment refused */
};

/* Returns a sentence without a full stop for `error`; never NULL, constant, in English. */
LEWES_API const char *lewes_strerror(enum lewes_error error);

/* Returns the class of `error`: who is to blame, and what became of the object. */
LEWES_API enum lewes_error_class lewes_error_class(enum lewes_error error);

#ifdef __cplusplus
}
#endif

#endif
