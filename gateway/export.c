/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/export.h"

#include <inttypes.h>
#include <stdbool.h>

#include <lewes/ticket.h>
#include <sqlite3.h>

#include "host/words.h"

/* Dates are stored as year-day, 2026-014. */
#define DATE                                                                                       \
    "CAST(strftime('%s', substr(spend_date, 1, 4) || '-01-01') AS INTEGER)"                        \
    " + (CAST(substr(spend_date, 6) AS INTEGER) - 1) * 86400"

static const char query[] =
    "SELECT serial, pay_info, gateway, payment, epoch, " DATE ", spent_at, 0 FROM spent_ticket"
    " UNION ALL"
    " SELECT serial, pay_info, gateway, payment, epoch, " DATE ", seen_at, 1 FROM double_spend";

enum column {
    COLUMN_SERIAL,
    COLUMN_PAY_INFO,
    COLUMN_GATEWAY,
    COLUMN_PAYMENT,
    COLUMN_EPOCH,
    COLUMN_DATE,
    COLUMN_TIME,
    COLUMN_SECOND
};

static int fail(struct export_error *error, const char *path, const char *why)
{
    (void)snprintf(error->text, sizeof error->text, "%.255s: %.200s", path, why);
    return -1;
}

static void put_hex(FILE *out, const char *name, const uint8_t *bytes, size_t len)
{
    char hex[3];

    (void)fprintf(out, "\"%s\":\"", name);
    for (size_t i = 0; i < len; i++) {
        hex_write(hex, bytes + i, 1);
        (void)fputs(hex, out);
    }
    (void)fputs("\",", out);
}

static void put_blob(FILE *out, const char *name, sqlite3_stmt *row, enum column column)
{
    put_hex(out, name, sqlite3_column_blob(row, (int)column),
            (size_t)sqlite3_column_bytes(row, (int)column));
}

/* False: the row holds no payment, or no date. */
static bool put_row(FILE *out, sqlite3_stmt *row)
{
    struct lewes_payment_view view;
    const uint8_t *payment = sqlite3_column_blob(row, COLUMN_PAYMENT);
    const size_t len = (size_t)sqlite3_column_bytes(row, COLUMN_PAYMENT);

    if (payment == NULL || sqlite3_column_type(row, COLUMN_DATE) != SQLITE_INTEGER ||
        lewes_payment_peek(&view, payment, len) != LEWES_OK)
        return false;
    (void)fputc('{', out);
    put_blob(out, "serial", row, COLUMN_SERIAL);
    put_hex(out, "tag", view.tag, sizeof view.tag);
    put_blob(out, "pay_info", row, COLUMN_PAY_INFO);
    put_blob(out, "payee", row, COLUMN_GATEWAY);
    put_blob(out, "payment", row, COLUMN_PAYMENT);
    (void)fprintf(
        out, "\"epoch\":%" PRId64 ",\"type\":%d,\"spend_date\":%" PRId64 ",\"%s\":%" PRId64 "}\n",
        (int64_t)sqlite3_column_int64(row, COLUMN_EPOCH), (int)view.type,
        (int64_t)sqlite3_column_int64(row, COLUMN_DATE),
        sqlite3_column_int(row, COLUMN_SECOND) ? "seen_at" : "spent_at",
        (int64_t)sqlite3_column_int64(row, COLUMN_TIME));
    return true;
}

static int put_rows(FILE *out, const char *path, sqlite3 *db, struct export_error *error)
{
    sqlite3_stmt *row = NULL;
    uint64_t bad = 0;
    int code = sqlite3_prepare_v2(db, query, -1, &row, NULL);

    if (code == SQLITE_ERROR)
        return fail(error, path,
                    "not a database of this version of lewesd; start lewesd, which brings an older "
                    "one up to date, and export then");
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(row);
        if (code == SQLITE_ROW && !put_row(out, row))
            bad++;
    }
    sqlite3_finalize(row);
    if (code != SQLITE_DONE)
        return fail(error, path, sqlite3_errmsg(db));
    if (fflush(out) != 0 || ferror(out))
        return fail(error, path, "the tickets cannot be written to the output");
    if (bad == 0)
        return 0;
    (void)snprintf(error->text, sizeof error->text,
                   "%.255s: %" PRIu64 " rows hold no payment and were left out; those tickets "
                   "cannot be settled",
                   path, bad);
    return -1;
}

int export_tickets(FILE *out, const char *path, uint64_t timeout, struct export_error *error)
{
    sqlite3 *db = NULL;
    int result = -1;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(db, timeout > INT32_MAX ? INT32_MAX : (int)timeout);
        result = put_rows(out, path, db, error);
    } else {
        (void)fail(error, path, db != NULL ? sqlite3_errmsg(db) : "no memory");
    }
    sqlite3_close(db);
    return result;
}
