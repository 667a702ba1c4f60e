/* SPDX-License-Identifier: Apache-2.0 */
/* What a user keeps between request and answer: `LWWD`, version 1, sk 32, type, expiration u32 BE,
 * h 48, v, o0, o1, SHA-256 of the rest. */
#ifndef LEWES_MINT_WITHDRAWAL_FILE_H
#define LEWES_MINT_WITHDRAWAL_FILE_H

#include <stdbool.h>

#include <lewes/mint.h>

#define WITHDRAWAL_FILE_LEN 218

void withdrawal_file_write(uint8_t out[WITHDRAWAL_FILE_LEN], const struct lewes_withdrawal *made);
/* False: not one, or damaged; zeroed. */
bool withdrawal_file_read(struct lewes_withdrawal *made, const uint8_t *bytes, size_t len);

/* The wallet of ecash.md 4: signature, v, expiration u32 BE, type. */
void wallet_write(uint8_t out[LEWES_WALLET_LEN], const struct lewes_wallet *wallet);

#endif
