/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_FALLBACK_H
#define LEWES_CLIENT_FALLBACK_H

#include <lewes/client.h>

#include "client/register_options.h"

/* The fallback of lewes_register(): runs the command of `arguments` (a struct register_arguments)
 * with /bin/sh, describes the failure in its environment, and waits for its end. What it writes
 * goes to standard error. Returns 0 if its exit status is 0. */
int fallback_run(void *arguments, const struct lewes_register_result *failed);

#endif
