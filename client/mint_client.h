/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of `lewes-mint serve`. */
#ifndef LEWES_CLIENT_MINT_CLIENT_H
#define LEWES_CLIENT_MINT_CLIENT_H

#include "client/withdrawal_file.h"

#define MINT_TOKEN_CAP 257
#define MINT_FAULT_CAP 400

enum mint_result {
    MINT_DONE,
    MINT_UNREACHABLE, /* or it cannot answer now: the same again, later */
    MINT_LIMIT,       /* no more books today */
    MINT_REFUSED,     /* this request, for good */
    MINT_FORBIDDEN,   /* this token; the request may be good */
    MINT_NONSENSE     /* an answer that cannot be used */
};

struct mint_client {
    const char *url;
    const char *token; /* sent with the request for a book, and with nothing else */
    char fault[MINT_FAULT_CAP];
};

/* Gets key and public signatures of books that expire on book->wallet.terms.expiration, and checks
 * them (ecash.md E12). `fault` is set unless it is done. */
enum mint_result mint_client_prepare(struct mint_client *client, struct lewes_book *book);

/* Sends a request that is on disk; gets the blind signature. */
enum mint_result mint_client_issue(struct mint_client *client, const struct withdrawal_file *file,
                                   uint8_t blind[LEWES_TICKET_SIGNATURE_LEN]);

/* Makes a wallet of it and checks the whole book. */
bool mint_client_finish(struct withdrawal_file *file,
                        const uint8_t blind[LEWES_TICKET_SIGNATURE_LEN]);

#endif
