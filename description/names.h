/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a self-description: they never change (gateway.md G13.2). */
#ifndef LEWES_DESCRIPTION_NAMES_H
#define LEWES_DESCRIPTION_NAMES_H

#include <lewes/description.h>

#define DESCRIPTION_FORMAT 1
#define DESCRIPTION_GENERATION 1
#define DESCRIPTION_PROTOCOL_VERSION 1 /* protocol.md 1 */

#define DESCRIPTION_MODES 2
#define DESCRIPTION_TICKET_TYPES 4

/* By enum lewes_mode, lewes_ticket_type and lewes_hash. */
extern const char *const description_modes[DESCRIPTION_MODES];
extern const char *const description_ticket_types[DESCRIPTION_TICKET_TYPES];
extern const char *const description_hashes[LEWES_HASHES];

/* All suites, the one that everybody has first. */
extern const enum lewes_kem description_kems[LEWES_KEM_SUITES];

#endif
