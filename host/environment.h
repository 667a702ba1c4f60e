/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and randomness of the machine, for liblewes. */
#ifndef LEWES_HOST_ENVIRONMENT_H
#define LEWES_HOST_ENVIRONMENT_H

#include <lewes/base.h>

/* malloc, free and getrandom(2). */
void host_environment(struct lewes_env *env);

#endif
