/* SPDX-License-Identifier: Apache-2.0 */
/* What `issue` and `book` share. */
#ifndef LEWES_MINT_ISSUE_COMMAND_H
#define LEWES_MINT_ISSUE_COMMAND_H

#include <stdbool.h>

#include "mint/arguments.h"
#include "mint/issue.h"

/* --account; false and has said why. */
bool issue_account(const struct arguments *arguments);

/* Issues under the mint's own ledger; the limit is the account's if there is one of that name, else
 * none. Returns an exit code and has said why. */
int issue_here(const struct mint *mint, struct issue_order *order,
               uint8_t blind[LEWES_TICKET_SIGNATURE_LEN]);

#endif
