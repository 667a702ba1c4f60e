/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a target on every file of its corpus, given as directory, and on each of them cut short. */
#include <dirent.h>
#include <string.h>

#include "fuzz/fuzz.h"

#define PATH_CAP 4096
#define CUTS 16 /* of each file */
#define FILE_CAP (1 << 20)

/* On the heap and of exact size, so that a sanitizer sees each byte read beyond. */
static void run(const uint8_t *data, size_t len)
{
    uint8_t *const copy = len <= FILE_CAP ? malloc(len > 0 ? len : 1) : NULL;
    PROMISE(copy != NULL);
    if (len > 0)
        memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void run_file(const char *path)
{
    static uint8_t bytes[FILE_CAP];
    FILE *const file = fopen(path, "rb");
    PROMISE(file != NULL);
    const size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, len);
    for (size_t i = 0; i < CUTS; i++)
        run(bytes, len * i / CUTS);
}

int main(int argc, char **argv)
{
    char path[PATH_CAP];
    unsigned files = 0;
    const struct dirent *entry;
    DIR *const directory = argc == 2 ? opendir(argv[1]) : NULL;
    if (directory == NULL) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        run_file(path);
        files++;
    }
    closedir(directory);
    printf("%s 1 - %u files of the corpus, whole and cut short\n1..1\n",
           files > 0 ? "ok" : "not ok", files);
    return files > 0 ? 0 : 1;
}
