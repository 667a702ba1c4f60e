/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which gateways packets may be forwarded to (gateway.md G5.1, G5.2): a JSON file
 * {"nodes":[{"identity":BASE58,"addresses":[IP, ...],"control_port":N}]}, read as a whole or not at
 * all, and looked up in binary form.
 */
#ifndef LEWES_GATEWAY_DIRECTORY_H
#define LEWES_GATEWAY_DIRECTORY_H

#include <lewes/registration.h>

#define DIRECTORY_FILE_MAX (4U << 20) /* bytes */
#define DIRECTORY_NODES_MAX 16384
#define DIRECTORY_ADDRESSES_MAX 16 /* of one node */
#define DIRECTORY_ERROR_TEXT 384

struct directory;

/* Which file, which entry (counted from 1), what is wrong. */
struct directory_error {
    char text[DIRECTORY_ERROR_TEXT];
};

struct directory_text {
    const char *path; /* where it comes from, for errors */
    const char *bytes;
    size_t len;
};

/* Does the setting name a file? "none" does not. */
bool directory_named(const char *setting);

/*
 * Reads a directory file.
 *
 * @param[out] directory  untouched on error
 * @return 0, or -1 with `error` set
 */
int directory_load(struct directory **directory, const struct lewes_env *env, const char *path,
                   struct directory_error *error);

/* The same from memory. */
int directory_parse(struct directory **directory, const struct lewes_env *env,
                    const struct directory_text *text, struct directory_error *error);

void directory_free(struct directory *directory); /* NULL is fine */

size_t directory_count(const struct directory *directory);

/* Does the directory hold this identity with this address and port? */
bool directory_holds(const struct directory *directory, const struct lewes_ed25519_public *identity,
                     const struct lewes_endpoint *address);

/* Does it hold this address, of whichever node? */
bool directory_holds_ip(const struct directory *directory, const struct lewes_ip *ip);

#endif
