/* SPDX-License-Identifier: Apache-2.0 */
/* What `lewes register` tells: steps on a terminal, a summary, a JSON object. */
#ifndef LEWES_CLIENT_REPORT_H
#define LEWES_CLIENT_REPORT_H

#include <lewes/client.h>

#include "client/register_options.h"

/* A progress function for lewes_register(): a line a step on standard error. */
void report_step(void *user, enum lewes_hop hop, enum lewes_register_step step,
                 uint64_t elapsed_ms);

/* The end of a run in words, on standard error. */
void report_text(const struct register_arguments *arguments,
                 const struct lewes_register_result *result);

/* One JSON object on standard output; `local_fault` may be NULL. Returns 0, or -1. */
int report_json(const struct register_arguments *arguments,
                const struct lewes_register_result *result, const char *local_fault);

#endif
