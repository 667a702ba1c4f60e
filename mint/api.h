/* SPDX-License-Identifier: Apache-2.0 */
/* What `serve` answers, without HTTP: doc/tickets.md describes it. */
#ifndef LEWES_MINT_API_H
#define LEWES_MINT_API_H

#include "mint/ledger.h"
#include "mint/mint.h"

#define API_BODY_MAX 4096
#define API_DATES 10 /* expirations that are kept */

struct api_dates {
    uint32_t expires;
    char *text;
};

struct api {
    struct mint mint;
    struct ledger *ledger;
    char *coins;
    struct api_dates dates[API_DATES];
};

struct api_request {
    const char *method, *path;
    const char *authorization; /* NULL: no such header */
    const char *expires;       /* of the query; NULL: not there */
    const char *body;          /* `len` bytes */
    size_t len;
    uint64_t now; /* Unix seconds */
};

struct api_answer {
    unsigned status;
    const char *route;         /* for the log: a constant */
    char account[ACCOUNT_CAP]; /* for the log: "-" if none is known */
    char *text;                /* JSON, for free(); NULL: no memory */
};

/* Opens a mint; an exit code, and has said why. api_close() is due if it is EXIT_DONE. */
int api_open(struct api *api, const char *directory, uint64_t now);
void api_close(struct api *api);

void api_answer(struct api *api, const struct api_request *request, struct api_answer *answer);

/* {"error": NAME, "message": TEXT}; for free(). */
char *api_error(const char *name, const char *text);

#endif
