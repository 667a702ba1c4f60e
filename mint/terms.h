/* SPDX-License-Identifier: Apache-2.0 */
/* Options that several commands share; these return false and have said why. */
#ifndef LEWES_MINT_TERMS_H
#define LEWES_MINT_TERMS_H

#include <stdbool.h>

#include <lewes/mint.h>

#include "mint/arguments.h"

/* --at, or the clock. */
bool terms_time(const struct arguments *arguments, uint64_t *now);
/* --type. */
bool terms_type(const struct arguments *arguments, enum lewes_ticket_type *type);
/* --expires, or six days from now. */
bool terms_expires(const struct arguments *arguments, uint64_t now, uint32_t *expires);
/* An option that must be there. */
bool terms_given(const char *value, const char *name);

#endif
