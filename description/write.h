/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's side of a self-description. */
#ifndef LEWES_DESCRIPTION_WRITE_H
#define LEWES_DESCRIPTION_WRITE_H

#include <lewes/description.h>

/*
 * Zeroes `description`, then sets whose description it is, and every suite that this identity
 * answers with its digests. All else is the caller's to set.
 */
void description_of_identity(struct lewes_description *description,
                             const struct lewes_identity *identity);

/*
 * Makes the text of a self-description, signed by `identity` (gateway.md G13.1, G13.2).
 *
 * @param description  begun with description_of_identity() of the same identity
 * @param[out] len     characters before the NUL
 * @return a text for free(), or NULL: no memory, a failing back end, or something that no reader
 *         takes
 */
char *description_write(const struct lewes_description *description,
                        const struct lewes_identity *identity, size_t *len);

#endif
