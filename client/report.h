/* SPDX-License-Identifier: Apache-2.0 */
/* What `lewes register` tells: steps on a terminal, a summary, a JSON object. */
#ifndef LEWES_CLIENT_REPORT_H
#define LEWES_CLIENT_REPORT_H

#include <netinet/in.h>

#include <lewes/client.h>

#include "client/register_options.h"

#define ENDPOINT_TEXT_CAP (INET6_ADDRSTRLEN + 10)

/* The words for scripts: lewes(1), JSON. */
const char *report_class_name(enum lewes_register_class outcome); /* NULL: no failure */
const char *report_hop_name(enum lewes_hop hop);
const char *report_step_name(enum lewes_register_step step);
const char *report_coin_name(enum lewes_coin coin);

/* What a hop that is registered has; exits are of another type. */
const struct lewes_tunnel *report_tunnel_of(const struct lewes_register_result *result,
                                            enum lewes_hop hop);
void report_ip(char out[INET6_ADDRSTRLEN], int family, const uint8_t *bytes);
void report_endpoint(char out[ENDPOINT_TEXT_CAP], const struct lewes_endpoint *endpoint);

/* A progress function for lewes_register(), whose user is a struct register_arguments: a line a
 * step on standard error. */
void report_step(void *user, enum lewes_hop hop, enum lewes_register_step step,
                 uint64_t elapsed_ms);

/* The end of a run in words, on standard error. */
void report_text(const struct register_arguments *arguments,
                 const struct lewes_register_result *result);

/* One JSON object on standard output; `local_fault` may be NULL. Returns 0, or -1. */
int report_json(const struct register_arguments *arguments,
                const struct lewes_register_result *result, const char *local_fault);

#endif
