/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "gateway/config_address.h"
#include "host/io.h"
#include "lib/base/env.h"

#define IP_LEN (1 + 16)        /* family, address */
#define PLACE_LEN (IP_LEN + 2) /* and port */
#define NODE_FIELDS 3

/* One address of one node, as it is sorted and looked up. */
struct record {
    uint8_t identity[LEWES_KEY_LEN];
    uint8_t place[PLACE_LEN];
    uint32_t node; /* number of its entry, from 1 */
};

/* An address alone. */
struct ip_record {
    uint8_t ip[IP_LEN];
};

struct directory {
    struct lewes_env env;
    size_t nodes;
    size_t count, room;
    struct record *records;
    struct ip_record *ips; /* `count`, sorted */
};

/* What a file is read with. */
struct reading {
    struct directory *directory;
    const char *path;
    uint32_t node;
    struct directory_error *error;
};

bool directory_named(const char *setting)
{
    return setting[0] != '\0' && strcmp(setting, "none") != 0;
}

static int fail(struct directory_error *error, const char *path, const char *why)
{
    (void)snprintf(error->text, sizeof error->text, "%.200s: %.150s", path, why);
    return -1;
}

static int fail_entry(const struct reading *r, const char *why)
{
    (void)snprintf(r->error->text, sizeof r->error->text, "%.200s: entry %u: %.120s", r->path,
                   (unsigned)r->node, why);
    return -1;
}

static void place_of(uint8_t place[PLACE_LEN], const struct lewes_endpoint *address)
{
    size_t len = address->ip.family == 4 ? 4 : 16;
    memset(place, 0, PLACE_LEN);
    place[0] = address->ip.family;
    memcpy(place + 1, address->ip.bytes, len);
    place[IP_LEN] = (uint8_t)(address->port >> 8);
    place[IP_LEN + 1] = (uint8_t)address->port;
}

static int by_ip(const void *left, const void *right)
{
    const struct ip_record *a = left;
    const struct ip_record *b = right;
    return memcmp(a->ip, b->ip, sizeof a->ip);
}

static int by_key(const void *left, const void *right)
{
    const struct record *a = left;
    const struct record *b = right;
    int order = memcmp(a->identity, b->identity, sizeof a->identity);
    return order != 0 ? order : memcmp(a->place, b->place, sizeof a->place);
}

/* ---- entries ---- */

static int add(const struct reading *r, const struct record *record)
{
    struct directory *d = r->directory;
    if (d->count == d->room) {
        size_t room = d->room == 0 ? 64 : 2 * d->room;
        struct record *records = lewesi_allocate(&d->env, room * sizeof *records);
        if (records == NULL)
            return fail_entry(r, "no memory");
        if (d->count > 0)
            memcpy(records, d->records, d->count * sizeof *records);
        lewesi_release(&d->env, d->records, d->room * sizeof *records);
        d->records = records;
        d->room = room;
    }
    d->records[d->count++] = *record;
    return 0;
}

static int read_address(const struct reading *r, struct record *record, const json_t *text,
                        uint16_t port)
{
    struct lewes_endpoint address = {.port = port};
    if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text) ||
        !config_parse_ip(json_string_value(text), &address.ip))
        return fail_entry(r, "every item of \"addresses\" must be the text of an IP address, "
                             "without a port");
    place_of(record->place, &address);
    return add(r, record);
}

static int read_node(const struct reading *r, const json_t *node)
{
    struct record record = {.node = r->node};
    struct lewes_ed25519_public identity;
    const json_t *name = json_object_get(node, "identity");
    const json_t *addresses = json_object_get(node, "addresses");
    const json_t *port = json_object_get(node, "control_port");

    if (!json_is_object(node) || json_object_size(node) != NODE_FIELDS || name == NULL ||
        addresses == NULL || port == NULL)
        return fail_entry(r, "\"identity\", \"addresses\" and \"control_port\" are expected, and "
                             "nothing else");
    if (!json_is_string(name) || lewes_base58_decode(identity.bytes, json_string_value(name),
                                                     json_string_length(name)) != LEWES_OK)
        return fail_entry(r, "\"identity\" must be the base58 text of 32 bytes");
    if (!json_is_integer(port) || json_integer_value(port) < 1 ||
        json_integer_value(port) > UINT16_MAX)
        return fail_entry(r, "\"control_port\" must be a number from 1 to 65535");
    if (json_array_size(addresses) < 1 || json_array_size(addresses) > DIRECTORY_ADDRESSES_MAX)
        return fail_entry(r, "\"addresses\" must be a list of 1 to 16 addresses");
    memcpy(record.identity, identity.bytes, sizeof record.identity);
    for (size_t i = 0; i < json_array_size(addresses); i++)
        if (read_address(r, &record, json_array_get(addresses, i),
                         (uint16_t)json_integer_value(port)) != 0)
            return -1;
    return 0;
}

/* A name that comes twice leaves open which of both is meant. */
static int sort(struct reading *r)
{
    struct directory *d = r->directory;
    if (d->count > 0)
        qsort(d->records, d->count, sizeof d->records[0], by_key);
    for (size_t i = 1; i < d->count; i++) {
        const struct record *a = &d->records[i - 1];
        const struct record *b = &d->records[i];
        if (memcmp(a->identity, b->identity, sizeof a->identity) != 0)
            continue;
        r->node = a->node > b->node ? a->node : b->node;
        if (a->node != b->node)
            return fail_entry(r, "its identity has an entry already");
        if (by_key(a, b) == 0)
            return fail_entry(r, "an address comes twice");
    }
    return 0;
}

static int list_ips(const struct reading *r)
{
    struct directory *d = r->directory;
    if (d->count == 0)
        return 0;
    d->ips = lewesi_allocate(&d->env, d->count * sizeof d->ips[0]);
    if (d->ips == NULL)
        return fail(r->error, r->path, "no memory");
    for (size_t i = 0; i < d->count; i++)
        memcpy(d->ips[i].ip, d->records[i].place, IP_LEN);
    qsort(d->ips, d->count, sizeof d->ips[0], by_ip);
    return 0;
}

static int read_nodes(struct reading *r, const json_t *root)
{
    const json_t *nodes = json_object_get(root, "nodes");
    if (!json_is_object(root) || json_object_size(root) != 1 || !json_is_array(nodes))
        return fail(r->error, r->path, "{\"nodes\":[...]} is expected, and nothing else");
    if (json_array_size(nodes) > DIRECTORY_NODES_MAX)
        return fail(r->error, r->path, "more than 16384 nodes");
    r->directory->nodes = json_array_size(nodes);
    for (size_t i = 0; i < r->directory->nodes; i++) {
        r->node = (uint32_t)(i + 1);
        if (read_node(r, json_array_get(nodes, i)) != 0)
            return -1;
    }
    return sort(r) != 0 ? -1 : list_ips(r);
}

int directory_parse(struct directory **directory, const struct lewes_env *env,
                    const struct directory_text *text, struct directory_error *error)
{
    json_error_t where;
    struct reading r = {.path = text->path, .error = error};
    json_t *root = json_loadb(text->bytes, text->len, JSON_REJECT_DUPLICATES, &where);
    int result = -1;

    if (root == NULL) {
        (void)snprintf(error->text, sizeof error->text, "%.200s: line %d: not JSON: %.120s",
                       text->path, where.line, where.text);
        return -1;
    }
    r.directory = lewesi_allocate(env, sizeof *r.directory);
    if (r.directory == NULL) {
        (void)fail(error, text->path, "no memory");
        goto out;
    }
    r.directory->env = *env;
    result = read_nodes(&r, root);
    if (result == 0)
        *directory = r.directory;
    else
        directory_free(r.directory);
out:
    json_decref(root);
    return result;
}

/* ---- the file ---- */

/* Reads a file of `len` bytes into memory that is the caller's. */
static char *slurp(int fd, size_t len)
{
    char *bytes = malloc(len + 1);
    const ssize_t got = bytes != NULL ? io_read(fd, bytes, len) : -1;
    if (got == (ssize_t)len)
        return bytes;
    if (got >= 0)
        errno = EIO;
    free(bytes);
    return NULL;
}

int directory_load(struct directory **directory, const struct lewes_env *env, const char *path,
                   struct directory_error *error)
{
    struct stat status;
    struct directory_text text = {.path = path};
    char *bytes = NULL;
    int result = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return fail(error, path, strerror(errno));
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        (void)fail(error, path, "not a regular file");
        goto out;
    }
    if (status.st_size > (off_t)DIRECTORY_FILE_MAX) {
        (void)fail(error, path, "longer than 4 MiB");
        goto out;
    }
    text.len = (size_t)status.st_size;
    bytes = slurp(fd, text.len);
    text.bytes = bytes;
    if (bytes == NULL)
        (void)fail(error, path, strerror(errno));
    else
        result = directory_parse(directory, env, &text, error);
out:
    free(bytes);
    close(fd);
    return result;
}

void directory_free(struct directory *directory)
{
    if (directory == NULL)
        return;
    struct lewes_env env = directory->env;
    if (directory->ips != NULL)
        lewesi_release(&env, directory->ips, directory->count * sizeof directory->ips[0]);
    lewesi_release(&env, directory->records, directory->room * sizeof directory->records[0]);
    lewesi_release(&env, directory, sizeof *directory);
}

/* ---- looking up ---- */

size_t directory_count(const struct directory *directory)
{
    return directory->nodes;
}

bool directory_holds(const struct directory *directory, const struct lewes_ed25519_public *identity,
                     const struct lewes_endpoint *address)
{
    struct record wanted = {.node = 0};
    memcpy(wanted.identity, identity->bytes, sizeof wanted.identity);
    place_of(wanted.place, address);
    return directory->count > 0 &&
           bsearch(&wanted, directory->records, directory->count, sizeof wanted, by_key) != NULL;
}

bool directory_holds_ip(const struct directory *directory, const struct lewes_ip *ip)
{
    const struct lewes_endpoint at = {.ip = *ip};
    uint8_t place[PLACE_LEN];
    struct ip_record wanted;
    place_of(place, &at);
    memcpy(wanted.ip, place, sizeof wanted.ip);
    return directory->ips != NULL &&
           bsearch(&wanted, directory->ips, directory->count, sizeof wanted, by_ip) != NULL;
}
