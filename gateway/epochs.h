/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verification keys that a gateway accepts tickets under, by epoch (ecash.md E9). A set never
 * changes: a reload makes another, and the old one lives as long as somebody holds it. Holding and
 * dropping are the loop's; the keys may be read by any thread meanwhile.
 */
#ifndef LEWES_GATEWAY_EPOCHS_H
#define LEWES_GATEWAY_EPOCHS_H

#include <lewes/ticket.h>

#define EPOCHS_MAX 64
#define EPOCHS_FILE_MAX (256 * 1024)
#define EPOCHS_ERROR_TEXT 512

struct epochs;

struct epoch {
    uint64_t number;
    uint32_t from, to; /* first and last spend date, Unix seconds of 00:00 UTC */
    struct lewes_ecash_key *key;
};

struct epochs_text {
    const char *name; /* of the file, for errors */
    const char *text;
    size_t len;
};

struct epochs_error {
    char text[EPOCHS_ERROR_TEXT];
};

/*
 * Reads a list of epochs: lines `epoch N vk HEX [from YYYY-MM-DD] [to YYYY-MM-DD]`, empty lines,
 * and comments from `#` on.
 *
 * @param[out] epochs  held once; untouched on error
 * @param ecash        must outlive the set
 * @param[out] error   set on error: file, line, what is wrong
 * @return 0, or -1
 */
int epochs_read(struct epochs **epochs, const struct lewes_env *env,
                const struct lewes_ecash *ecash, const struct epochs_text *text,
                struct epochs_error *error);

/* The same from a file of at most EPOCHS_FILE_MAX bytes. */
int epochs_load(struct epochs **epochs, const struct lewes_env *env,
                const struct lewes_ecash *ecash, const char *path, struct epochs_error *error);

struct epochs *epochs_hold(struct epochs *epochs);
void epochs_drop(struct epochs *epochs); /* NULL is fine */

size_t epochs_count(const struct epochs *epochs);

/* Returns the epoch, or NULL. */
const struct epoch *epochs_find(const struct epochs *epochs, uint64_t number);

#endif
