/* SPDX-License-Identifier: Apache-2.0 */
/* Replays recorded transcripts of the original: replay_transcripts [-t NAME]... FILE...
 *
 * Exit code 0: at least one session was replayed, and every byte was equal; 1: something differs or
 * cannot be read; 2: nothing differs, but there were sessions that cannot be replayed yet. */
#include <stdbool.h>
#include <string.h>

#include "tests/support/transcript.h"

#define NAMES_MAX 64

struct wanted {
    size_t count;
    const char *names[NAMES_MAX];
    bool found[NAMES_MAX];
};

static bool is_wanted(struct wanted *wanted, const char *name)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (name != NULL && strcmp(name, wanted->names[i]) == 0)
            return wanted->found[i] = true;
    return wanted->count == 0;
}

static void replay_file(const char *path, struct wanted *wanted, struct transcript_result *result)
{
    json_error_t error;
    json_t *const root = json_load_file(path, 0, &error);
    const json_t *transcript;
    size_t i;

    if (root == NULL) {
        printf("not ok %s: %s\n", path, error.text);
        result->different++;
        return;
    }
    json_array_foreach(json_object_get(root, "transcripts"), i, transcript)
    {
        if (is_wanted(wanted, json_string_value(json_object_get(transcript, "name"))))
            transcript_replay(transcript, stdout, result);
    }
    json_decref(root);
}

static int outcome(const struct wanted *wanted, struct transcript_result *result)
{
    for (size_t i = 0; i < wanted->count; i++) {
        if (!wanted->found[i]) {
            printf("not ok %s: there is no such transcript\n", wanted->names[i]);
            result->different++;
        }
    }
    printf("%u equal, %u different, %u skipped\n", result->equal, result->different,
           result->unsupported);
    if (result->different > 0 || (result->equal == 0 && result->unsupported == 0))
        return 1;
    return result->unsupported > 0 ? 2 : 0;
}

/* Takes the names out of the arguments; returns how many files are left at their front. */
static int take_names(struct wanted *wanted, int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-t") != 0)
            argv[files++] = argv[i];
        else if (i + 1 < argc && wanted->count < NAMES_MAX)
            wanted->names[wanted->count++] = argv[++i];
        else
            return 0;
    return files;
}

int main(int argc, char **argv)
{
    struct transcript_result result = {0};
    struct wanted wanted = {0};
    const int files = take_names(&wanted, argc, argv);

    if (files == 0) {
        fputs("usage: replay_transcripts [-t NAME]... FILE...\n", stderr);
        return 1;
    }
    for (int i = 0; i < files; i++)
        replay_file(argv[i], &wanted, &result);
    return outcome(&wanted, &result);
}
