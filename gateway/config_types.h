/* SPDX-License-Identifier: Apache-2.0 */
/* The types of configuration values (gateway.md G1.3): text to settings and back. */
#ifndef LEWES_GATEWAY_CONFIG_TYPES_H
#define LEWES_GATEWAY_CONFIG_TYPES_H

#include "gateway/settings_table.h"

#define CONFIG_VALUE_MAX 4096 /* longest value and its NUL: 64 reserved addresses fit */

/* Reads a value into its place in `settings`. False, and nothing is written, if the type or the
 * range forbids it. */
bool config_value_parse(const struct settings_key *key, const char *text,
                        struct settings *settings);

/* Writes the value in a form that config_value_parse reads. */
void config_value_format(const struct settings_key *key, const struct settings *settings,
                         char out[CONFIG_VALUE_MAX]);

/* Writes what is allowed, for a message: "a whole number, 16 to 1000000". */
void config_value_allowed(const struct settings_key *key, char *out, size_t cap);

#endif
