/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of secrets, for nobody but their owner (gateway.md G1.4). Most hold one of 32 bytes: a line
 * of base64, as `wg genkey` writes.
 */
#ifndef LEWES_GATEWAY_KEYFILE_H
#define LEWES_GATEWAY_KEYFILE_H

#include <stdbool.h>

#include <lewes/keys.h>

#define KEYFILE_ERROR_TEXT 512

enum keyfile_result {
    KEYFILE_OK = 0,
    KEYFILE_ABSENT = 1, /* load: there is no such file */
    KEYFILE_EXISTS = 2, /* create: somebody made one meanwhile; it is untouched */
    KEYFILE_FAILED = -1 /* `error` says why and what to do */
};

struct keyfile_error {
    char text[KEYFILE_ERROR_TEXT];
};

/*
 * Reads a file of secrets as text. A file that others may read or write is refused.
 *
 * @param[out] text  room for `cap`: if it is full, the file may be longer; to be wiped
 * @param[out] len   0 unless KEYFILE_OK
 * @param what       what such a file is, for a person: "one line of base64"
 */
enum keyfile_result keyfile_read(const char *path, const char *what, char *text, size_t cap,
                                 size_t *len, struct keyfile_error *error);

/*
 * Writes a new file, 0600: whole and on disk, or not there at all. Never replaces one.
 *
 * @param[out] error  set unless KEYFILE_OK
 */
enum keyfile_result keyfile_write(const char *path, const char *text, size_t len,
                                  struct keyfile_error *error);

/* Sets `error` and returns KEYFILE_FAILED. */
enum keyfile_result keyfile_fail(struct keyfile_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Reads a secret. A file that others may read or write is refused.
 *
 * @param[out] secret  zeroed unless KEYFILE_OK
 * @param[out] error   set unless KEYFILE_OK
 */
enum keyfile_result keyfile_load(const char *path, uint8_t secret[LEWES_KEY_LEN],
                                 struct keyfile_error *error);

/* Writes a secret as keyfile_write() does. */
enum keyfile_result keyfile_create(const char *path, const uint8_t secret[LEWES_KEY_LEN],
                                   struct keyfile_error *error);

/*
 * Loads the gateway's Ed25519 seed, made with `env` at the first start; `*made` (may be NULL) tells
 * whether it was. Returns KEYFILE_OK or KEYFILE_FAILED; `seed` is zeroed on failure.
 */
enum keyfile_result keyfile_identity(const char *path, const struct lewes_env *env,
                                     struct lewes_ed25519_seed *seed, bool *made,
                                     struct keyfile_error *error);

/* The same for the WireGuard key of the tunnel interface. */
enum keyfile_result keyfile_wireguard(const char *path, const struct lewes_env *env,
                                      struct lewes_wg_private *key, bool *made,
                                      struct keyfile_error *error);

#endif
