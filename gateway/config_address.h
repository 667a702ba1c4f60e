/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text: in the configuration, and for messages. */
#ifndef LEWES_GATEWAY_CONFIG_ADDRESS_H
#define LEWES_GATEWAY_CONFIG_ADDRESS_H

#include "gateway/settings.h"

#define CONFIG_ADDRESS_TEXT 64 /* room of any of these and its NUL */

/* All are strict, return false with the output untouched, and make IPv4 of a mapped address. */
bool config_parse_ip(const char *text, struct lewes_ip *ip);
bool config_parse_endpoint(const char *text, struct lewes_endpoint *endpoint); /* port 0 to 65535 */
bool config_parse_network(const char *text, struct settings_network *network);

void config_format_ip(const struct lewes_ip *ip, char out[CONFIG_ADDRESS_TEXT]);
void config_format_endpoint(const struct lewes_endpoint *endpoint, char out[CONFIG_ADDRESS_TEXT]);
void config_format_network(const struct settings_network *network, char out[CONFIG_ADDRESS_TEXT]);

#endif
