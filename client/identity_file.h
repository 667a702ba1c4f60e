/* SPDX-License-Identifier: Apache-2.0 */
/* The LP identities that stand beside a WireGuard key: one for each gateway, so that a gateway
 * recognises a client that comes back and two gateways cannot link it (registration.md 7.1). */
#ifndef LEWES_CLIENT_IDENTITY_FILE_H
#define LEWES_CLIENT_IDENTITY_FILE_H

#include <lewes/client.h>

/* Finds or makes the identity for `gateway` in the file `path`: lines of the gateway's identity in
 * base58 and our seed in base64. Returns 0, or -1 after a complaint in the name of `command`. */
int identity_file_take(const char *command, const char *path,
                       const struct lewes_ed25519_public *gateway, struct lewes_ed25519_seed *seed);

/* The same for a WireGuard key that is new: an identity of an earlier one gives way. */
int identity_file_renew(const char *command, const char *path,
                        const struct lewes_ed25519_public *gateway,
                        struct lewes_ed25519_seed *seed);

#endif
