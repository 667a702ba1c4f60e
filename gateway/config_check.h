/* SPDX-License-Identifier: Apache-2.0 */
/* What must fit together in a configuration, beyond the range of each key. */
#ifndef LEWES_GATEWAY_CONFIG_CHECK_H
#define LEWES_GATEWAY_CONFIG_CHECK_H

#include "gateway/settings.h"

/* A pair of names and a constant sentence about them; `key` NULL = all is well. */
struct config_complaint {
    const char *key; /* "section.key" */
    const char *text;
};

/* Replaces INTERFACE in wireguard.uapi_socket, then checks. */
struct config_complaint config_complete(struct settings *settings);

#endif
