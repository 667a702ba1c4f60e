/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config_check.h"
#include "gateway/config_reader.h"
#include "gateway/config_types.h"

#define NAME_MAX_TEXT 64 /* "section.key" and its NUL */
#define PREFIX "LEWESD_"

struct loading {
    struct config config;
    struct config_error *error;
};

/* Where one value stands, for messages. */
struct place {
    enum config_origin origin;
    unsigned line;
    struct config_span name; /* as given: environment variable, --set */
};

/* ---- names and messages ---- */

static bool same(struct config_span span, const char *text)
{
    return strlen(text) == span.len && memcmp(span.text, text, span.len) == 0;
}

static const struct settings_key *find_key(struct config_span section, struct config_span name)
{
    for (size_t i = 0; i < settings_key_count; i++)
        if (same(section, settings_keys[i].section) && same(name, settings_keys[i].name))
            return &settings_keys[i];
    return NULL;
}

static size_t index_of(const struct settings_key *key)
{
    return (size_t)(key - settings_keys);
}

static void full_name(const struct settings_key *key, char out[NAME_MAX_TEXT])
{
    snprintf(out, NAME_MAX_TEXT, "%s.%s", key->section, key->name);
}

/* Copies at most 60 characters, printable ones. */
static void printable(struct config_span span, char out[NAME_MAX_TEXT])
{
    size_t len = span.len < 60 ? span.len : 60;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(span.text[i] >= ' ' && span.text[i] <= '~' ? span.text[i] : '?');
    out[len] = '\0';
}

static void place_text(const struct loading *l, const struct place *place, char *out, size_t cap)
{
    char name[NAME_MAX_TEXT];
    printable(place->name, name);
    switch (place->origin) {
    case CONFIG_FILE:
        snprintf(out, cap, "%s:%u: ", l->config.file, place->line);
        break;
    case CONFIG_ENVIRONMENT:
        snprintf(out, cap, "environment variable %s: ", name);
        break;
    case CONFIG_SET:
        snprintf(out, cap, "--set %s: ", name);
        break;
    case CONFIG_DEFAULT:
        out[0] = '\0';
        break;
    }
}

static int __attribute__((format(printf, 3, 4)))
refuse(struct loading *l, const struct place *place, const char *format, ...)
{
    char *text = l->error->text;
    va_list arguments;
    place_text(l, place, text, CONFIG_ERROR_TEXT);
    size_t len = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + len, CONFIG_ERROR_TEXT - len, format, arguments);
    va_end(arguments);
    return -1;
}

static void add_name(char *list, size_t cap, const char *name)
{
    size_t len = strlen(list);
    snprintf(list + len, cap - len, "%s%s", len ? ", " : "", name);
}

/* Lists what there is instead of a name that is not. */
static int refuse_name(struct loading *l, const struct place *place, struct config_span section,
                       struct config_span key)
{
    char known[300] = "", given[NAME_MAX_TEXT];
    bool found = false;
    for (size_t i = 0; i < settings_key_count && !found; i++)
        found = same(section, settings_keys[i].section);
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct settings_key *k = &settings_keys[i];
        if (found && same(section, k->section))
            add_name(known, sizeof known, k->name);
        else if (!found && (i == 0 || strcmp(k->section, settings_keys[i - 1].section) != 0))
            add_name(known, sizeof known, k->section);
    }
    printable(found ? key : section, given);
    return found ? refuse(l, place, "[%.*s] has no key %s; it has: %s", (int)section.len,
                          section.text, given, known)
                 : refuse(l, place, "there is no section [%s]; there is: %s", given, known);
}

/* ---- one value ---- */

static int apply(struct loading *l, const struct settings_key *key, struct config_span value,
                 const struct place *place)
{
    char text[CONFIG_VALUE_MAX], name[NAME_MAX_TEXT], allowed[160];
    size_t at = index_of(key);
    full_name(key, name);
    if (l->config.keys[at].origin == place->origin && place->origin != CONFIG_DEFAULT)
        return place->origin == CONFIG_FILE
                   ? refuse(l, place, "%s is set twice; the first time in line %u", name,
                            l->config.keys[at].line)
                   : refuse(l, place, "%s is set twice", name);
    bool fits = value.len < sizeof text && config_reader_can_say(value);
    if (fits) {
        memcpy(text, value.text, value.len);
        text[value.len] = '\0';
    }
    if (!fits || !config_value_parse(key, text, &l->config.settings)) {
        config_value_allowed(key, allowed, sizeof allowed);
        return refuse(l, place, "%s cannot have this value; allowed: %s", name, allowed);
    }
    l->config.keys[at].origin = place->origin;
    l->config.keys[at].line = place->line;
    return 0;
}

/* ---- the four sources ---- */

static int apply_defaults(struct loading *l)
{
    struct place place = {CONFIG_DEFAULT, 0, {"", 0}};
    for (size_t i = 0; i < settings_key_count; i++) {
        const char *text = settings_keys[i].standard;
        if (apply(l, &settings_keys[i], (struct config_span){text, strlen(text)}, &place))
            return -1;
    }
    return 0;
}

static int apply_file(struct loading *l, const char *text, size_t len)
{
    struct config_reader reader;
    struct config_span name, value;
    enum config_read read;
    config_reader_init(&reader, text, len);
    while ((read = config_reader_next(&reader, &name, &value)) == CONFIG_READ_ITEM) {
        struct place place = {CONFIG_FILE, reader.line, {"", 0}};
        const struct settings_key *key = find_key(reader.section, name);
        if (!key)
            return refuse_name(l, &place, reader.section, name);
        if (apply(l, key, value, &place))
            return -1;
    }
    struct place place = {CONFIG_FILE, reader.line, {"", 0}};
    return read == CONFIG_READ_BAD ? refuse(l, &place, "%s", reader.why) : 0;
}

/* LEWESD_SECTION_KEY of a key. */
static void variable_name(const struct settings_key *key, char out[NAME_MAX_TEXT])
{
    snprintf(out, NAME_MAX_TEXT, PREFIX "%s_%s", key->section, key->name);
    for (; *out; out++)
        *out = (char)toupper((unsigned char)*out);
}

static int apply_variable(struct loading *l, const char *variable)
{
    char name[NAME_MAX_TEXT];
    const char *equals = strchr(variable, '=');
    size_t len = equals ? (size_t)(equals - variable) : strlen(variable);
    struct place place = {CONFIG_ENVIRONMENT, 0, {variable, len}};
    for (size_t i = 0; equals && i < settings_key_count; i++) {
        variable_name(&settings_keys[i], name);
        if (same(place.name, name))
            return apply(l, &settings_keys[i], (struct config_span){equals + 1, strlen(equals + 1)},
                         &place);
    }
    return refuse(l, &place, "there is no such setting; it is LEWESD_SECTION_KEY");
}

static int apply_environment(struct loading *l, char *const *environment)
{
    for (; environment && *environment; environment++)
        if (strncmp(*environment, PREFIX, sizeof PREFIX - 1) == 0 &&
            apply_variable(l, *environment))
            return -1;
    return 0;
}

static int apply_set(struct loading *l, const char *set)
{
    size_t len = strcspn(set, "=");
    struct place place = {CONFIG_SET, 0, {set, len}};
    const char *dot = memchr(set, '.', len);
    if (!set[len] || !dot)
        return refuse(l, &place, "section.key=value is expected");
    struct config_span section = {set, (size_t)(dot - set)};
    struct config_span name = {dot + 1, len - section.len - 1};
    const struct settings_key *key = find_key(section, name);
    if (!key)
        return refuse_name(l, &place, section, name);
    return apply(l, key, (struct config_span){set + len + 1, strlen(set + len + 1)}, &place);
}

/* ---- all together ---- */

static int complain(struct loading *l)
{
    char name[NAME_MAX_TEXT];
    struct place place = {CONFIG_DEFAULT, 0, {"", 0}};
    struct config_complaint complaint = config_complete(&l->config.settings);
    if (!complaint.key)
        return 0;
    for (size_t i = 0; i < settings_key_count; i++) {
        full_name(&settings_keys[i], name);
        if (strcmp(name, complaint.key) != 0)
            continue;
        place.origin = l->config.keys[i].origin;
        place.line = l->config.keys[i].line;
        place.name = (struct config_span){complaint.key, strlen(complaint.key)};
    }
    return refuse(l, &place, "%s: %s", complaint.key, complaint.text);
}

static int load(struct loading *l, const struct config_sources *sources)
{
    if (apply_defaults(l) || apply_file(l, sources->text, sources->len) ||
        apply_environment(l, sources->environment))
        return -1;
    for (size_t i = 0; i < sources->set_count; i++)
        if (apply_set(l, sources->set[i]))
            return -1;
    return complain(l);
}

int config_load(struct config *config, const struct config_sources *sources,
                struct config_error *error)
{
    struct loading l;
    memset(&l, 0, sizeof l);
    l.error = error;
    snprintf(l.config.file, sizeof l.config.file, "%s", sources->file ? sources->file : "");
    if (load(&l, sources))
        return -1;
    *config = l.config;
    return 0;
}

size_t config_reload(struct config *config, const struct config *next,
                     void (*kept)(void *user, const char *key), void *user)
{
    char before[CONFIG_VALUE_MAX], after[CONFIG_VALUE_MAX], name[NAME_MAX_TEXT];
    size_t changed = 0;
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct settings_key *key = &settings_keys[i];
        config_value_format(key, &config->settings, before);
        config_value_format(key, &next->settings, after);
        bool differs = strcmp(before, after) != 0;
        full_name(key, name);
        if (differs && !key->reloadable && kept)
            kept(user, name);
        if (!key->reloadable)
            continue;
        memcpy((char *)&config->settings + key->offset, (const char *)&next->settings + key->offset,
               key->size);
        config->keys[i] = next->keys[i];
        changed += differs;
    }
    return changed;
}

static void print_origin(FILE *out, const struct config *config, size_t at)
{
    static const char *const names[] = {"default", NULL, "environment", "--set"};
    enum config_origin origin = config->keys[at].origin;
    if (origin == CONFIG_FILE)
        fprintf(out, "  # %s:%u\n", config->file, config->keys[at].line);
    else
        fprintf(out, "  # %s\n", names[origin]);
}

void config_print(FILE *out, const struct config *config)
{
    char value[CONFIG_VALUE_MAX];
    const char *section = "";
    for (size_t i = 0; i < settings_key_count; i++) {
        const struct settings_key *key = &settings_keys[i];
        if (strcmp(section, key->section) != 0)
            fprintf(out, "%s[%s]\n", *section ? "\n" : "", key->section);
        section = key->section;
        config_value_format(key, &config->settings, value);
        fprintf(out, "%s = %s", key->name, value);
        print_origin(out, config, i);
    }
}
