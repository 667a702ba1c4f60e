/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_REGISTER_KEYS_H
#define LEWES_CLIENT_REGISTER_KEYS_H

#include <lewes/client.h>

#include "client/register_options.h"

/* Fills in the keys of a hop: those of its files, or new ones. A new WireGuard key is kept in
 * OUT.key until its registration has come to an end, so that after a crash the next run goes on
 * with it. `*fresh` tells that it is new. Returns 0, or -1 after a complaint. */
int register_keys_take(const struct register_arguments *arguments, enum lewes_hop hop,
                       struct lewes_hop_options *options, bool *fresh);

/* Reads the key of mixnet mode; makes the identity that belongs to it. */
int register_keys_take_mixnet(const struct register_arguments *arguments,
                              struct lewes_register_options *options);

/* The new key of a hop is in its profile, or not needed any more. */
void register_keys_drop(const struct register_arguments *arguments, enum lewes_hop hop);

/* Can the key of a hop be found again after this run? */
bool register_keys_last(const struct register_arguments *arguments, enum lewes_hop hop);

#endif
