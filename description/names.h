/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a self-description: they never change (gateway.md G13.2). */
#ifndef LEWES_DESCRIPTION_NAMES_H
#define LEWES_DESCRIPTION_NAMES_H

#include <lewes/description.h>

#define DESCRIPTION_FORMAT 1
#define DESCRIPTION_GENERATION 1
#define DESCRIPTION_PROTOCOL_VERSION 1 /* protocol.md 1 */

#define DESCRIPTION_MODES 2

/* By enum lewes_mode and lewes_hash; host/words.h has the ticket types. */
extern const char *const description_modes[DESCRIPTION_MODES];
extern const char *const description_hashes[LEWES_HASHES];

/* All suites, the one that everybody has first. */
extern const enum lewes_kem description_kems[LEWES_KEM_SUITES];

#endif
