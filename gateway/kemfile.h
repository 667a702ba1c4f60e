/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file with the gateway's ML-KEM-768 and X-Wing keys (gateway.md 1, kem_file): two lines, each
 * the name of a suite, a space, and the seed of its key pair in base64.
 */
#ifndef LEWES_GATEWAY_KEMFILE_H
#define LEWES_GATEWAY_KEMFILE_H

#include <lewes/kem.h>

#include "gateway/keyfile.h"

struct kemfile_seeds {
    struct lewes_kem_seed mlkem768, xwing;
};

/*
 * Loads the seeds, made with `env` at the first start; `*made` (may be NULL) tells whether they
 * were. A damaged file is refused, never replaced.
 *
 * @param[out] seeds  zeroed on failure
 * @return KEYFILE_OK or KEYFILE_FAILED
 */
enum keyfile_result kemfile_seeds(const char *path, const struct lewes_env *env,
                                  struct kemfile_seeds *seeds, bool *made,
                                  struct keyfile_error *error);

#endif
