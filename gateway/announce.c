/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/announce.h"

#include <stdio.h>

#include <lewes/version.h>

#include "description/write.h"

/* The bits of a set of modes are in the order of enum lewes_mode. */
_Static_assert(SETTINGS_MODE_DVPN == 1 << LEWES_MODE_DVPN &&
                   SETTINGS_MODE_MIXNET == 1 << LEWES_MODE_MIXNET,
               "modes of settings and descriptions are the same bits");

/* registration.md 3: which tickets a mode takes. */
static unsigned ticket_types(uint32_t modes)
{
    unsigned types = 0;

    if ((modes & SETTINGS_MODE_DVPN) != 0)
        types |= 1u << LEWES_TICKET_WG_ENTRY | 1u << LEWES_TICKET_WG_EXIT;
    if ((modes & SETTINGS_MODE_MIXNET) != 0)
        types |= 1u << LEWES_TICKET_MIXNET_ENTRY | 1u << LEWES_TICKET_MIXNET_EXIT;
    return types;
}

char *announce_text(const struct settings *settings, const struct lewes_identity *identity,
                    uint64_t unix_seconds, struct announce_error *error)
{
    struct lewes_description description;
    char *text;
    size_t len;

    description_of_identity(&description, identity);
    description.time = unix_seconds;
    description.expires = unix_seconds + ANNOUNCE_LIFETIME;
    description.enabled = settings->gateway.enabled;
    description.control_port = settings->listen.control.at[0].port;
    if (settings->data.enabled)
        description.data_port = settings->data.bind.at[0].port;
    description.modes = settings->gateway.modes;
    description.ticket_types = ticket_types(settings->gateway.modes);
    (void)snprintf(description.software_name, sizeof description.software_name, "lewesd");
    (void)snprintf(description.software_version, sizeof description.software_version, "%s",
                   LEWES_VERSION);
    if (description.control_port == 0 || (settings->data.enabled && description.data_port == 0)) {
        error->text = "[listen] control, [data] bind: a port that the system chooses cannot be "
                      "announced; write one down";
        return NULL;
    }
    text = description_write(&description, identity, &len);
    if (text == NULL)
        error->text = "no memory for the self-description";
    return text;
}
