/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/settlement.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

struct settlement {
    const struct verdict_keys *keys;
    bool accept_unbound;
    sqlite3 *db;
    sqlite3_stmt *find, *insert;
    struct settlement_counts counts;
};

/* `hash` is R of ecash.md E18. The order of arrival decides which payment is the first. */
static const char schema[] =
    "PRAGMA cache_size=-8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
    "CREATE TABLE tickets (number INTEGER PRIMARY KEY, serial BLOB NOT NULL, "
    "pay_info BLOB NOT NULL, tag BLOB NOT NULL, hash BLOB NOT NULL, payee BLOB NOT NULL, "
    "type INTEGER NOT NULL, UNIQUE (serial, pay_info));";

int settlement_open(struct settlement **made, const struct verdict_keys *keys, bool accept_unbound)
{
    struct settlement *const settlement = calloc(1, sizeof *settlement);
    if (settlement == NULL)
        return -1;
    settlement->keys = keys;
    settlement->accept_unbound = accept_unbound;
    /* An empty name: a temporary file, gone with the process. */
    if (sqlite3_open("", &settlement->db) != SQLITE_OK ||
        sqlite3_exec(settlement->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(settlement->db,
                           "SELECT 1 FROM tickets WHERE serial = ? AND pay_info = ?", -1,
                           &settlement->find, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(settlement->db,
                           "INSERT INTO tickets (serial, pay_info, tag, hash, payee, type) "
                           "VALUES (?, ?, ?, ?, ?, ?)",
                           -1, &settlement->insert, NULL) != SQLITE_OK) {
        settlement_close(settlement);
        return -1;
    }
    *made = settlement;
    return 0;
}

void settlement_close(struct settlement *settlement)
{
    if (settlement == NULL)
        return;
    sqlite3_finalize(settlement->find);
    sqlite3_finalize(settlement->insert);
    sqlite3_close(settlement->db);
    free(settlement);
}

static void bind(sqlite3_stmt *statement, int at, const uint8_t *bytes, size_t len)
{
    sqlite3_bind_blob(statement, at, bytes, (int)len, SQLITE_STATIC);
}

static int is_known(struct settlement *settlement, const struct export_line *line)
{
    sqlite3_stmt *const find = settlement->find;
    bind(find, 1, line->serial, sizeof line->serial);
    bind(find, 2, line->pay_info, sizeof line->pay_info);
    const int status = sqlite3_step(find);
    sqlite3_reset(find);
    return status;
}

static int insert(struct settlement *settlement, const struct export_line *line,
                  const struct lewes_ticket *ticket)
{
    sqlite3_stmt *const statement = settlement->insert;
    bind(statement, 1, ticket->serial, sizeof ticket->serial);
    bind(statement, 2, line->pay_info, sizeof line->pay_info);
    bind(statement, 3, ticket->tag, sizeof ticket->tag);
    bind(statement, 4, ticket->pay_info_hash, sizeof ticket->pay_info_hash);
    bind(statement, 5, line->payee, sizeof line->payee);
    sqlite3_bind_int(statement, 6, (int)ticket->type);
    const int status = sqlite3_step(statement);
    sqlite3_reset(statement);
    return status == SQLITE_DONE ? 0 : -1;
}

const char *settlement_take(struct settlement *settlement, const struct export_line *line)
{
    const struct verdict_question question = {.payment = line->payment,
                                              .len = line->payment_len,
                                              .pay_info = line->pay_info,
                                              .epoch = line->epoch,
                                              .day = line->day,
                                              .accept_unbound = settlement->accept_unbound};
    struct lewes_ticket ticket;
    const int known = is_known(settlement, line);
    if (known == SQLITE_ROW) {
        settlement->counts.replays++;
        return NULL;
    }
    if (known != SQLITE_DONE)
        return "E_LOCAL";
    const char *const verdict = verdict_of(settlement->keys, &question, &ticket);
    if (verdict != NULL) {
        settlement->counts.refused++;
        return verdict;
    }
    if (insert(settlement, line, &ticket))
        return "E_LOCAL";
    settlement->counts.taken++;
    return NULL;
}

/* ---- what came of it ---- */

/* Columns: tag, hash, payee from `at` on. */
static bool read_ticket(sqlite3_stmt *row, int at, struct lewes_ticket *ticket,
                        const uint8_t **payee)
{
    if (sqlite3_column_bytes(row, 0) != LEWES_SERIAL_LEN ||
        sqlite3_column_bytes(row, at) != LEWES_TICKET_TAG_LEN ||
        sqlite3_column_bytes(row, at + 1) != sizeof ticket->pay_info_hash ||
        sqlite3_column_bytes(row, at + 2) != LEWES_KEY_LEN)
        return false;
    memcpy(ticket->serial, sqlite3_column_blob(row, 0), LEWES_SERIAL_LEN);
    memcpy(ticket->tag, sqlite3_column_blob(row, at), LEWES_TICKET_TAG_LEN);
    memcpy(ticket->pay_info_hash, sqlite3_column_blob(row, at + 1), sizeof ticket->pay_info_hash);
    *payee = sqlite3_column_blob(row, at + 2);
    return true;
}

int settlement_evidence(struct settlement *settlement,
                        void (*each)(void *user, const struct settlement_evidence *evidence),
                        void *user)
{
    static const char query[] =
        "SELECT b.serial, a.tag, a.hash, a.payee, b.tag, b.hash, b.payee FROM tickets b "
        "JOIN tickets a ON a.number = (SELECT min(number) FROM tickets WHERE serial = b.serial) "
        "WHERE b.number <> a.number ORDER BY b.number";
    sqlite3_stmt *row = NULL;
    int status = sqlite3_prepare_v2(settlement->db, query, -1, &row, NULL);
    if (status != SQLITE_OK)
        return -1;
    settlement->counts.double_spent = 0;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        struct lewes_ticket first = {0}, second = {0};
        struct settlement_evidence evidence = {0};
        if (!read_ticket(row, 1, &first, &evidence.payees[0]) ||
            !read_ticket(row, 4, &second, &evidence.payees[1]) ||
            lewes_ticket_identify(evidence.user, &first, &second))
            break;
        evidence.serial = first.serial;
        settlement->counts.double_spent++;
        each(user, &evidence);
    }
    sqlite3_finalize(row);
    return status == SQLITE_DONE ? 0 : -1;
}

int settlement_sums(struct settlement *settlement,
                    void (*each)(void *user, const struct settlement_sum *sum), void *user)
{
    sqlite3_stmt *row = NULL;
    int status = sqlite3_prepare_v2(settlement->db,
                                    "SELECT payee, type, count(*) FROM tickets "
                                    "GROUP BY payee, type ORDER BY payee, type",
                                    -1, &row, NULL);
    if (status != SQLITE_OK)
        return -1;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        const struct settlement_sum sum = {.payee = sqlite3_column_blob(row, 0),
                                           .type =
                                               (enum lewes_ticket_type)sqlite3_column_int(row, 1),
                                           .tickets = (uint64_t)sqlite3_column_int64(row, 2)};
        each(user, &sum);
    }
    sqlite3_finalize(row);
    return status == SQLITE_DONE ? 0 : -1;
}

void settlement_count(const struct settlement *settlement, struct settlement_counts *counts)
{
    *counts = settlement->counts;
}
