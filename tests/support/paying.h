/* SPDX-License-Identifier: Apache-2.0 */
/* Real tickets for a gateway_rig: a mint, a book of it, and a gateway that knows its key. */
#ifndef TESTS_SUPPORT_PAYING_H
#define TESTS_SUPPORT_PAYING_H

#include "tests/support/gateway_client.h"
#include "tests/support/minted.h"

#define PAYING_DAY UINT32_C(1768348800) /* of RIG_UNIX_MS */
#define PAYING_TYPE_AT 787              /* ecash.md 5 */
#define PAYING_VALUE_AT 737

struct paying {
    struct shared_env env;
    struct minted mint;
    struct lewes_book book; /* of type LEWES_TICKET_WG_ENTRY, for two days more */
};

/* How a ticket is paid. */
struct paying_terms {
    unsigned coin;
    uint32_t day; /* spend date */
    struct lewes_pay_info info;
    bool unbound;
};

void paying_open(struct paying *paying);
void paying_close(struct paying *paying);

/* Between rig_init and rig_start: real tickets of this mint, epoch 1, `range` behind the key. */
void paying_configure(const struct paying *paying, struct rig *rig, const char *range);
/* Writes the file of keys anew. */
void paying_write_keys(const struct paying *paying, const struct rig *rig, unsigned long epoch,
                       const char *range);

/* What an honest client would choose now; `number` makes the random part of pay_info. */
struct paying_terms paying_terms(struct rig *rig, unsigned coin, uint8_t number);

/* Pays, and asks for `wg_who` to be registered; the request points into `ticket`. */
struct lewes_request paying_request(struct paying *paying, struct rig *rig,
                                    const struct paying_terms *terms, uint8_t wg_who,
                                    struct client_ticket *ticket);

/* Makes another valid form of the same payment: every signature (h, s) becomes (-h, -s). */
void paying_randomise(struct client_ticket *ticket);

#endif
