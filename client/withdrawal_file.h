/* SPDX-License-Identifier: Apache-2.0 */
/* A request for a book that is under way: on disk before it is sent, so that it can be sent again
 * after a crash and gets the same answer (ecash.md E16). */
#ifndef LEWES_CLIENT_WITHDRAWAL_FILE_H
#define LEWES_CLIENT_WITHDRAWAL_FILE_H

#include <lewes/mint.h>

#define MINT_URL_CAP 256

struct withdrawal_file {
    char mint[MINT_URL_CAP];
    struct lewes_withdrawal withdrawal; /* secret */
    uint8_t request[LEWES_WITHDRAWAL_LEN];
    struct lewes_book book; /* what is known of it already: all but the wallet's signature */
};

/* Each returns 0; -1 with errno, EBADMSG if the file is damaged. `dir` is an open directory; there
 * is one such file for each type. */
int withdrawal_file_write(int dir, const struct withdrawal_file *file);
int withdrawal_file_read(int dir, enum lewes_ticket_type type, struct withdrawal_file *file);
int withdrawal_file_remove(int dir, enum lewes_ticket_type type);

#endif
