/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWESI_NOISE_CIPHER_H
#define LEWESI_NOISE_CIPHER_H

#include "lib/crypto/crypto.h"

/* Four zero bytes, then the number (protocol.md 9.1): not the layout of the outer AEAD. */
struct lewesi_nonce lewesi_noise_nonce(uint64_t number);

#endif
