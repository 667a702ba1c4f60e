/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a configuration file, the environment and --set to settings (gateway.md G1.1-G1.4). Nothing
 * here opens a file except config_read_file: everything can be tested on memory.
 */
#ifndef LEWES_GATEWAY_CONFIG_H
#define LEWES_GATEWAY_CONFIG_H

#include <stdio.h>

#include "gateway/settings.h"

#define CONFIG_KEYS_MAX 96
#define CONFIG_FILE_MAX 262144 /* bytes of a configuration file */
#define CONFIG_ERROR_TEXT 512

/* Weakest first. */
enum config_origin {
    CONFIG_DEFAULT,
    CONFIG_FILE,
    CONFIG_ENVIRONMENT, /* LEWESD_SECTION_KEY */
    CONFIG_SET          /* --set section.key=value */
};

/* Settings, and for each key where its value comes from; plain data as the settings are. */
struct config {
    struct settings settings;
    char file[SETTINGS_TEXT]; /* name of the file that was read, for messages */
    struct {
        enum config_origin origin;
        unsigned line; /* of the file; 0 otherwise */
    } keys[CONFIG_KEYS_MAX];
};

/* One sentence for a person: where, which key, what is allowed. Printable ASCII. */
struct config_error {
    char text[CONFIG_ERROR_TEXT];
};

/* Where values come from; any part may be absent (NULL, 0). */
struct config_sources {
    const char *file; /* its name, for messages */
    const char *text; /* its content, `len` bytes, no NUL needed */
    size_t len;
    char *const *environment; /* as environ: only LEWESD_... is looked at */
    const char *const *set;   /* "section.key=value" */
    size_t set_count;
};

/*
 * Makes a configuration of all sources and checks it as a whole (ranges, and what must fit
 * together: verifier=mock needs allow_mock, max_sessions >= max_half_open, ...).
 *
 * @param[out] config  untouched on error
 * @param[out] error   set on error only
 * @return 0, or -1
 */
int config_load(struct config *config, const struct config_sources *sources,
                struct config_error *error);

/*
 * Reads a configuration file into new memory; the caller frees `*text`.
 *
 * @return 0, or -1 with `error` set and `*text` NULL
 */
int config_read_file(const char *path, char **text, size_t *len, struct config_error *error);

/*
 * Takes over from `next` the keys that may change while running (G1, `*`). Calls `kept` (may be
 * NULL) with the name "section.key" of every other key that differs: it keeps its value until the
 * next start. Returns how many keys changed.
 */
size_t config_reload(struct config *config, const struct config *next,
                     void (*kept)(void *user, const char *key), void *user);

/* Writes every key with its value and origin (--print-config), secrets as (set). */
void config_print(FILE *out, const struct config *config);

#endif
