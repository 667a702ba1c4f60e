/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/tunnel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wireguard/link.h"

struct tunnel {
    const struct wg_backend *backend;
    struct wg_device *device; /* NULL: lost */
    struct settings settings;
    struct wg_settings wg;
    struct wg_link link;
    bool manage;
};

static void set_link(struct tunnel *tunnel)
{
    const struct settings *settings = &tunnel->settings;
    tunnel->link.interface = settings->wireguard.interface;
    memcpy(tunnel->link.ipv4, settings->wireguard.address4.ip.bytes, 4);
    tunnel->link.prefix4 = settings->wireguard.address4.prefix;
    memcpy(tunnel->link.ipv6, settings->wireguard.address6.ip.bytes, 16);
    tunnel->link.prefix6 = settings->wireguard.address6.prefix;
    tunnel->link.mtu = settings->wireguard.mtu;
    /* The memory back end has no interface. */
    tunnel->manage = settings->wireguard.manage_interface &&
                     settings->wireguard.backend != SETTINGS_BACKEND_MEMORY;
}

static enum wg_status configure(struct tunnel *tunnel, struct tunnel_error *error)
{
    struct wg_link_failure failure;
    bool without6 = false;
    const char *name = tunnel->settings.wireguard.interface;

    error->text[0] = '\0';
    if (!tunnel->manage)
        return WG_OK;
    if (wg_link_configure(&tunnel->link, &failure, &without6) == 0) {
        if (without6)
            (void)snprintf(error->text, sizeof error->text,
                           "%s has no IPv6 address, because IPv6 is switched off on this host: "
                           "clients reach the gateway over IPv4 only",
                           name);
        return WG_OK;
    }
    const char *advice = failure.error == EPERM
                             ? "run lewesd with CAP_NET_ADMIN, or set [wireguard] "
                               "manage_interface = no and configure the interface yourself"
                             : "see that the interface exists in this network namespace";
    (void)snprintf(error->text, sizeof error->text, "%s: could not %s: %s; %s", name, failure.step,
                   strerror(failure.error), advice);
    return WG_LOST;
}

static enum wg_status open_device(struct tunnel *tunnel, struct tunnel_error *error)
{
    const struct settings *settings = &tunnel->settings;
    enum wg_status status = tunnel->backend->open(&tunnel->device, &tunnel->wg);
    if (status != WG_OK) {
        tunnel->device = NULL;
        (void)snprintf(error->text, sizeof error->text,
                       "the WireGuard interface %s does not answer at %s; start it with "
                       "\"wireguard-go %s\", or correct [wireguard] interface and uapi_socket",
                       settings->wireguard.interface, settings->wireguard.uapi_socket,
                       settings->wireguard.interface);
        return status;
    }
    status = configure(tunnel, error);
    if (status != WG_OK) {
        tunnel->backend->close(tunnel->device);
        tunnel->device = NULL;
    }
    return status;
}

enum wg_status tunnel_open(struct tunnel **tunnel, const struct wg_backend *backend,
                           const struct settings *settings, const struct lewes_wg_private *key,
                           struct tunnel_error *error)
{
    struct tunnel *new = calloc(1, sizeof *new);
    if (new == NULL) {
        (void)snprintf(error->text, sizeof error->text, "no memory");
        return WG_MEMORY;
    }
    new->backend = backend;
    new->settings = *settings;
    new->wg.interface = new->settings.wireguard.interface;
    new->wg.uapi_socket = new->settings.wireguard.uapi_socket;
    new->wg.private_key = *key;
    new->wg.listen_port = (uint16_t)settings->wireguard.listen_port;
    set_link(new);
    enum wg_status status = open_device(new, error);
    if (status != WG_OK)
        tunnel_close(new);
    else
        *tunnel = new;
    return status;
}

void tunnel_close(struct tunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    if (tunnel->device != NULL)
        tunnel->backend->close(tunnel->device);
    lewes_wipe(tunnel, sizeof *tunnel);
    free(tunnel);
}

enum wg_status tunnel_reopen(struct tunnel *tunnel)
{
    struct tunnel_error error;
    if (tunnel->device != NULL)
        tunnel->backend->close(tunnel->device);
    tunnel->device = NULL;
    return open_device(tunnel, &error);
}

enum wg_status tunnel_add(struct tunnel *tunnel, const struct wg_peer *peers, size_t count)
{
    return tunnel->device == NULL ? WG_LOST : tunnel->backend->add(tunnel->device, peers, count);
}

enum wg_status tunnel_remove(struct tunnel *tunnel, const struct lewes_wg_public *key)
{
    return tunnel->device == NULL ? WG_LOST : tunnel->backend->remove(tunnel->device, key);
}

enum wg_status tunnel_dump(struct tunnel *tunnel,
                           void (*each)(void *user, const struct wg_peer *peer), void *user)
{
    return tunnel->device == NULL ? WG_LOST : tunnel->backend->dump(tunnel->device, each, user);
}

const char *tunnel_backend(const struct tunnel *tunnel)
{
    return tunnel->backend->name;
}
