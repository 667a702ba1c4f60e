/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_GATEWAY_INFO_H
#define LEWES_CLIENT_GATEWAY_INFO_H

#include <lewes/client.h>

/* Reads and verifies the signed self-description in the file `path` (gateway.md 13), and checks
 * that it takes registrations of `mode`. Returns 0, or -1 after a complaint in the name of
 * `command`. Whether it has expired is lewes_register()'s to tell. */
int gateway_info_read(const char *command, const char *path, enum lewes_mode mode,
                      const struct lewes_ed25519_public *gateway,
                      struct lewes_description *description);

#endif
