/* SPDX-License-Identifier: Apache-2.0 */
/* lewesd from its first log line to its last. */
#ifndef LEWES_GATEWAY_DAEMON_H
#define LEWES_GATEWAY_DAEMON_H

#include "gateway/settings.h"

/* Runs until a signal ends it; returns the exit status. The settings may be lowered to what the
 * system allows. */
int daemon_run(struct settings *settings);

/* Writes the gateway's identity to standard output; returns the exit status. */
int daemon_identity(const struct settings *settings);

/* The same with its self-description, signed now (gateway.md 13). */
int daemon_describe(const struct settings *settings);

/* Prints the spent tickets as lines of JSON (ecash.md E27), also beside a running lewesd. */
int daemon_export(const struct settings *settings);

#endif
