/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/words.h"
#include "mint/arguments.h"
#include "mint/ledger.h"
#include "mint/mint.h"
#include "mint/settlement.h"

#define OWNERS_MAX 8

struct report {
    const char *ledger; /* its path */
    bool json;
    bool no_ledger; /* it could not be read */
};

/* ---- whose key it is ---- */

struct owners {
    const uint8_t *pk;
    char names[OWNERS_MAX][ACCOUNT_CAP];
    size_t count;
};

static void note_owner(void *user, const struct ledger_entry *entry)
{
    struct owners *const owners = user;
    if (memcmp(entry->pk, owners->pk, sizeof entry->pk) != 0)
        return;
    for (size_t i = 0; i < owners->count; i++)
        if (strcmp(owners->names[i], entry->account) == 0)
            return;
    if (owners->count < OWNERS_MAX)
        memcpy(owners->names[owners->count++], entry->account, ACCOUNT_CAP);
}

/* ---- the report ---- */

/* Account names need no escapes. */
static void put_evidence(void *user, const struct settlement_evidence *evidence)
{
    struct report *const report = user;
    static struct owners owners;
    char serial[2 * LEWES_SERIAL_LEN + 1], pk[2 * LEWES_USER_KEY_LEN + 1];
    char payees[2][LEWES_BASE58_CAP];
    owners = (struct owners){.pk = evidence->user};
    if (ledger_scan(report->ledger, note_owner, &owners) && !report->no_ledger) {
        complain("%s: %s; accounts may be missing below", report->ledger, strerror(errno));
        report->no_ledger = true;
    }
    hex_write(serial, evidence->serial, LEWES_SERIAL_LEN);
    hex_write(pk, evidence->user, sizeof evidence->user);
    for (int i = 0; i < 2; i++)
        lewes_base58_encode(payees[i], evidence->payees[i]);
    if (report->json)
        printf("{\"double_spent\": \"%s\", \"pk\": \"%s\", \"payees\": [\"%s\", \"%s\"], "
               "\"accounts\": [",
               serial, pk, payees[0], payees[1]);
    else
        printf("double-spent serial %s payees %s %s pk %s account", serial, payees[0], payees[1],
               pk);
    for (size_t i = 0; i < owners.count; i++)
        printf(report->json ? "%s\"%s\"" : "%s%s",
               report->json && i > 0 ? ", "
               : report->json        ? ""
                                     : " ",
               owners.names[i]);
    puts(report->json ? "]}" : owners.count == 0 ? " unknown" : "");
}

static void put_sum(void *user, const struct settlement_sum *sum)
{
    const struct report *const report = user;
    char payee[LEWES_BASE58_CAP];
    lewes_base58_encode(payee, sum->payee);
    printf(report->json ? "{\"payee\": \"%s\", \"type\": \"%s\", \"tickets\": %" PRIu64 "}\n"
                        : "payee %s type %s tickets %" PRIu64 "\n",
           payee, ticket_type_name(sum->type), sum->tickets);
}

/* ---- the files ---- */

/* To the end of the line; false at the end of the file. */
static bool skip_line(FILE *file)
{
    int c = getc(file);
    while (c != EOF && c != '\n')
        c = getc(file);
    return c != EOF;
}

/* Returns an exit code; a line that is refused is said and counted, and the rest goes on. */
static int read_lines(struct settlement *settlement, const char *path, FILE *file,
                      uint64_t *malformed)
{
    static char text[EXPORT_LINE_MAX];
    static struct export_line line;
    for (unsigned number = 1; fgets(text, sizeof text, file) != NULL; number++) {
        const size_t len = strlen(text);
        const bool cut = len + 1 == sizeof text && text[len - 1] != '\n';
        const char *wrong = cut ? "too long" : export_line_read(&line, text, len);
        *malformed += wrong != NULL;
        if (wrong == NULL)
            wrong = settlement_take(settlement, &line);
        if (wrong != NULL)
            complain("%s:%u: %s", path, number, wrong);
        if (wrong != NULL && strcmp(wrong, "E_LOCAL") == 0)
            return EXIT_LOCAL;
        if (cut && !skip_line(file))
            break;
    }
    return ferror(file) ? EXIT_LOCAL : EXIT_DONE;
}

static int read_files(const struct arguments *arguments, struct settlement *settlement,
                      uint64_t *malformed)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < arguments->count && code == EXIT_DONE; i++) {
        const char *const path = arguments->operands[i];
        const bool standard = strcmp(path, "-") == 0;
        FILE *const file = standard ? stdin : fopen(path, "re");
        if (file == NULL) {
            complain("%s: %s", path, strerror(errno));
            return EXIT_LOCAL;
        }
        code = read_lines(settlement, path, file, malformed);
        if (!standard)
            fclose(file);
    }
    return code;
}

static int settle(const struct arguments *arguments, const struct verdict_keys *keys)
{
    char path[MINT_PATH_CAP];
    struct report report = {.ledger = arguments->ledger, .json = arguments->json};
    struct settlement *settlement = NULL;
    struct settlement_counts counts;
    uint64_t malformed = 0;
    mint_path(path, arguments->dir, MINT_LEDGER);
    if (report.ledger == NULL)
        report.ledger = path;
    if (settlement_open(&settlement, keys, arguments->accept_unbound)) {
        complain("no memory, or no temporary file");
        return EXIT_LOCAL;
    }
    int code = read_files(arguments, settlement, &malformed);
    if (code == EXIT_DONE && (settlement_sums(settlement, put_sum, &report) ||
                              settlement_evidence(settlement, put_evidence, &report))) {
        complain("the temporary database failed: is the disk full?");
        code = EXIT_LOCAL;
    }
    settlement_count(settlement, &counts);
    settlement_close(settlement);
    counts.refused += malformed;
    printf(report.json ? "{\"valid\": %" PRIu64 ", \"replays\": %" PRIu64 ", \"refused\": %" PRIu64
                         ", \"double_spent\": %" PRIu64 "}\n"
                       : "valid %" PRIu64 " replays %" PRIu64 " refused %" PRIu64
                         " double-spent %" PRIu64 "\n",
           counts.taken, counts.replays, counts.refused, counts.double_spent);
    if (code == EXIT_DONE && (counts.refused > 0 || counts.double_spent > 0))
        code = EXIT_REFUSED;
    return fflush(stdout) == 0 ? code : EXIT_LOCAL;
}

int command_settle(const struct arguments *arguments)
{
    char path[MINT_PATH_CAP];
    struct verdict_keys keys;
    int code = EXIT_LOCAL;
    mint_path(path, arguments->dir, MINT_EPOCHS);
    if (verdict_keys_open(&keys, arguments->key != NULL ? arguments->key : path) == 0)
        code = settle(arguments, &keys);
    verdict_keys_close(&keys);
    return code;
}
