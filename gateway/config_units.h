/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers with units (gateway.md G1.3): durations, sizes, rates. */
#ifndef LEWES_GATEWAY_CONFIG_UNITS_H
#define LEWES_GATEWAY_CONFIG_UNITS_H

#include "gateway/settings.h"

#define CONFIG_UNIT_TEXT 32 /* room of any of these and its NUL */

/* All refuse what lies above `max`, and leave the output untouched then. 0 needs no unit. */
bool config_parse_duration(const char *text, uint64_t max, uint64_t *ms);
bool config_parse_size(const char *text, uint64_t max, uint64_t *bytes);
bool config_parse_rate(const char *text, uint64_t max, struct settings_rate *rate);

void config_format_duration(uint64_t ms, char *out);
void config_format_size(uint64_t bytes, char *out);
void config_format_rate(const struct settings_rate *rate, char *out);

#endif
