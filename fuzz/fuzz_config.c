/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files and values of lewesd: errors are printable, and what is printed of a
 * configuration reads back as the same settings (gateway.md G1). */
#include <ctype.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "gateway/config.h"

static struct config config, again;
static struct config_error error;

static bool load(struct config *into, const char *text, size_t len)
{
    const struct config_sources sources = {.file = "fuzz", .text = text, .len = len};

    error.text[0] = '\0';
    if (config_load(into, &sources, &error) == 0)
        return true;
    PROMISE(error.text[0] != '\0' && strlen(error.text) < sizeof error.text);
    for (const char *at = error.text; *at != '\0'; at++)
        PROMISE(isprint((unsigned char)*at));
    return false;
}

static void read_back(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *const out = open_memstream(&text, &len);

    PROMISE(out != NULL);
    config_print(out, &config);
    PROMISE(fclose(out) == 0);
    PROMISE(load(&again, text, len));
    PROMISE(same_bytes(&again.settings, &config.settings, sizeof config.settings));
    free(text);
}

/* The same bytes as a value of --set, and of the environment. */
static void as_words(const char *data, size_t size)
{
    char word[256] = "LEWESD_";
    const size_t len = size < sizeof word - 8 ? size : sizeof word - 8;
    const char *const set[] = {word + 7};
    char *const environment[] = {word, NULL};
    struct config_sources sources = {.set = set, .set_count = 1};

    memcpy(word + 7, data, len);
    if (config_load(&again, &sources, &error) == 0)
        PROMISE(strchr(word, '=') != NULL);
    sources = (struct config_sources){.environment = environment};
    (void)config_load(&again, &sources, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Never NULL: an absent file is something else than an empty one. */
    const char *const text = size > 0 ? (const char *)data : "";

    if (load(&config, text, size))
        read_back();
    as_words(text, size);
    return 0;
}
