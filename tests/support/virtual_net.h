/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world for registrations in one thread and in virtual time: an entry that forwards, an exit
 * behind it, and faults at any byte. Time passes only when somebody waits for nothing. What must
 * not happen is a failed cmocka assertion.
 */
#ifndef TESTS_SUPPORT_VIRTUAL_NET_H
#define TESTS_SUPPORT_VIRTUAL_NET_H

#include "client/world.h"

#define VNET_UNIX_MS UINT64_C(1768384800500)
#define VNET_LOG 64 /* things of a kind that are remembered */
#define VNET_BUFFER 16384

/* What a gateway does with a registration. */
enum vnet_plan {
    VNET_ACCEPT,
    VNET_VANISH,   /* the connection ends without an answer */
    VNET_SILENCE,  /* nothing more happens on this connection */
    VNET_NONSENSE, /* an authentic answer that is none */
    VNET_REFUSE    /* and what follows: VNET_REFUSAL() */
};
#define VNET_REFUSAL(refusal) ((unsigned)VNET_REFUSE + (unsigned)(refusal))

struct vnet_gateway {
    struct lewes_identity *keys;
    struct lewes_ed25519_public identity;
    const char *host;
    uint16_t port;
    struct lewes_answer answer; /* of registrations that are accepted */
    const uint8_t *raw_answer;  /* NULL, or sent instead */
    size_t raw_answer_len;
    /* The script. */
    unsigned collisions, busy; /* so many hellos are answered so */
    unsigned ends;             /* so many connections end at their first packet */
    unsigned plan[VNET_LOG];   /* of each registration, in order */
    /* What happened. */
    unsigned connections, hellos, requests;
    struct lewes_request last; /* without its payment */
    uint8_t containers[VNET_LOG][LEWES_PAYMENT_BOUND_LEN + LEWES_PAY_INFO_LEN];
};

/* A connection as its gateway sees it. */
struct vnet_peer {
    struct vnet_gateway *gateway; /* NULL: there is none */
    struct lewes_session *session;
    bool ended, silent;
};

enum vnet_fault { VNET_NO_FAULT, VNET_CLOSE, VNET_RESET, VNET_STALL, VNET_GARBAGE };

struct vnet {
    struct world world;
    lewes_time now;
    struct vnet_gateway entry, exit;
    struct vnet_peer connection; /* of the client with the entry */
    struct vnet_peer stream;     /* of the entry with the exit */

    /* The script. */
    enum vnet_fault fault;
    bool fault_inbound;        /* in what the client receives, else in what it sends */
    size_t fault_at;           /* bytes of each connection that are well */
    size_t split;              /* bytes that the client receives at a time, 0 = all */
    unsigned unreachable;      /* so many connects fail */
    unsigned kill_at;          /* the process ends at this wait */
    unsigned cancel_at;        /* this wait is cancelled, counted from 1 */
    unsigned notice[VNET_LOG]; /* the reason of the notice for each forward, 0 = forward it */
    unsigned late;             /* the answer to this forward, from 1, is held back until the next */
    bool exit_at_entry;        /* the exit has the entry's address */
    bool closes; /* as the original, the entry ends the connection instead of a notice */

    /* What happened. */
    unsigned connects, waits, forwards;
    unsigned waits_for_room; /* those to send */
    unsigned pauses;
    uint64_t pause_ms[VNET_LOG];
    size_t sent, received; /* bytes, on the present connection */
    size_t sent_most;      /* on any */
    struct {
        size_t flight, sent, received; /* before the write, and the packet in it, that carries a
                                          registration */
    } tickets[VNET_LOG];
    unsigned ticket_count;
    size_t last_frame; /* where the client's last whole frame began */

    /* private */
    uint8_t to_entry[VNET_BUFFER], to_client[VNET_BUFFER], held[VNET_BUFFER];
    size_t to_entry_len, to_client_len, to_client_read, held_len;
    size_t received_at_frame, flight_at;
};

/* Two gateways that accept everything; set the script between init and the registration. */
void vnet_init(struct vnet *net);
void vnet_free(struct vnet *net);
/* After a process that served it has been killed: its sessions went with it. */
void vnet_orphan(struct vnet *net);
/* Ends what a registration has left, and forgets what happened; the script stays. */
void vnet_reset(struct vnet *net);

/* Options for a registration with the entry, or through it; `exit` may be NULL. */
void vnet_options(struct vnet *net, struct lewes_register_options *options,
                  struct lewes_hop_options *exit);

#endif
