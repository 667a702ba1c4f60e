/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWESI_ECASH_WALLET_H
#define LEWESI_ECASH_WALLET_H

#include <lewes/mint.h>

#include "lib/ecash/key.h"

/* Does the authority's signature hold for the secrets and terms of the wallet (ecash.md E15)? */
bool lewesi_wallet_is_signed(const struct lewes_ecash_key *key, const struct lewes_wallet *wallet);

#endif
