/* SPDX-License-Identifier: Apache-2.0 */
#define LEWESI_WITHOUT_INT128
#define lewesi_x25519_public_from_ed25519 portable_public_from_ed25519
#define lewesi_x25519_private_from_seed portable_private_from_seed

#include "tests/support/edwards_portable.h"

/* The same source under another name. NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "lib/crypto/edwards.c"
