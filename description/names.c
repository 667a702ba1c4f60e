/* SPDX-License-Identifier: Apache-2.0 */
#include "description/names.h"

#include <lewes/registration.h>

const char *const description_modes[DESCRIPTION_MODES] = {
    [LEWES_MODE_DVPN] = "dvpn",
    [LEWES_MODE_MIXNET] = "mixnet",
};

const char *const description_hashes[LEWES_HASHES] = {
    [LEWES_HASH_BLAKE3] = "blake3",
    [LEWES_HASH_SHAKE256] = "shake256",
    [LEWES_HASH_SHAKE128] = "shake128",
    [LEWES_HASH_SHA3_256] = "sha3_256",
};

const enum lewes_kem description_kems[LEWES_KEM_SUITES] = {
    LEWES_KEM_X25519,
    LEWES_KEM_MLKEM768,
    LEWES_KEM_XWING,
};
