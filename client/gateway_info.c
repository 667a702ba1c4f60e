/* SPDX-License-Identifier: Apache-2.0 */
#include "client/gateway_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command.h"

/* One byte more than allowed is asked for, to see whether there is one. */
static int read_text(const char *command, const char *path, char *text, size_t *len)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        complain(command, "%s: %s", path, strerror(errno));
        return -1;
    }
    *len = fread(text, 1, LEWES_DESCRIPTION_MAX + 1, file);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    if (failed)
        complain(command, "%s: %s", path, strerror(failed));
    else if (*len > LEWES_DESCRIPTION_MAX)
        complain(command, "%s is too long for the self-description of a gateway", path);
    else
        return 0;
    return -1;
}

static int verify(const char *command, const char *path, const char *text, size_t len,
                  const struct lewes_ed25519_public *gateway, struct lewes_description *description)
{
    switch (lewes_description_read(description, text, len, gateway)) {
    case LEWES_DESCRIPTION_OK:
        return 0;
    case LEWES_DESCRIPTION_MALFORMED:
        complain(command,
                 "%s is not a gateway's self-description; nothing was sent. Get it again: its "
                 "operator makes it with 'lewesd --describe'",
                 path);
        break;
    case LEWES_DESCRIPTION_SIGNATURE:
        complain(
            command,
            "%s is not signed by this gateway; nothing was sent. Do not use the file, and find "
            "out who changed it",
            path);
        break;
    case LEWES_DESCRIPTION_IDENTITY:
        complain(command, "%s describes another gateway; nothing was sent. Get the right one",
                 path);
        break;
    case LEWES_DESCRIPTION_MEMORY:
        complain(command, "out of memory");
        break;
    }
    return -1;
}

int gateway_info_read(const char *command, const char *path, enum lewes_mode mode,
                      const struct lewes_ed25519_public *gateway,
                      struct lewes_description *description)
{
    size_t len;
    char *text = malloc(LEWES_DESCRIPTION_MAX + 1);
    if (!text) {
        complain(command, "out of memory");
        return -1;
    }
    int failed = read_text(command, path, text, &len);
    if (!failed)
        failed = verify(command, path, text, len, gateway, description);
    free(text);
    if (failed)
        return -1;
    if (description->enabled && (description->modes & 1u << mode))
        return 0;
    complain(command, "%s says that the gateway %s; nothing was sent. Choose another gateway", path,
             description->enabled ? "does not offer this mode" : "takes no registrations");
    return -1;
}
