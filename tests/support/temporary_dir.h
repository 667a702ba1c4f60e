/* SPDX-License-Identifier: Apache-2.0 */
/* A directory that exists for one test. */
#ifndef TESTS_SUPPORT_TEMPORARY_DIR_H
#define TESTS_SUPPORT_TEMPORARY_DIR_H

#include <stddef.h>

#define TEMPORARY_PATH_CAP 512

struct temporary_dir {
    char path[64];
};

/* Failures are failed assertions. */
void temporary_dir_make(struct temporary_dir *dir);
/* With everything that is in it. */
void temporary_dir_remove(struct temporary_dir *dir);

/* The path of something in it. */
void temporary_dir_path(const struct temporary_dir *dir, char out[TEMPORARY_PATH_CAP],
                        const char *name);
/* Writes a file of mode 0600. */
void temporary_dir_write(const struct temporary_dir *dir, const char *name, const void *bytes,
                         size_t len);
/* Names the only file in it, or in `sub` if that is not NULL, whose name ends with `end`. */
void temporary_dir_find(const struct temporary_dir *dir, const char *sub, const char *end,
                        char out[TEMPORARY_PATH_CAP]);
/* How many names there are in `sub`, or in the directory itself. */
size_t temporary_dir_count(const struct temporary_dir *dir, const char *sub);

#endif
