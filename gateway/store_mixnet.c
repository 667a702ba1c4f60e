/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts of mixnet clients (gateway.md 10.1, 12). */
#include <string.h>

#include "gateway/store_internal.h"

static int parameter(enum client_column column)
{
    return (int)column + 1;
}

static bool bind_gateway(const struct store *store, sqlite3_stmt *s)
{
    return store_bind_bytes(s, STORE_PARAMETER_GATEWAY, &store->gateway, sizeof store->gateway);
}

/* Nothing in a file is taken on trust (gateway.md G10.2). */
static bool read_client(sqlite3_stmt *s, struct mixnet_client *client)
{
    struct lease *account = &client->account;
    memset(client, 0, sizeof *client);
    if (!store_read_bytes(s, CLIENT_COLUMN_ED25519, &client->identity, sizeof client->identity) ||
        !store_read_bytes(s, CLIENT_COLUMN_X25519, &client->x25519, sizeof client->x25519) ||
        !store_read_number(s, CLIENT_COLUMN_BALANCE, 0, LEASE_BALANCE_MAX, &account->balance) ||
        !store_read_number(s, CLIENT_COLUMN_EXPIRES, INT64_MIN, INT64_MAX, &account->expires) ||
        !store_read_bytes(s, CLIENT_COLUMN_LAST_DIGEST, account->last_digest,
                          sizeof account->last_digest) ||
        !store_read_some(s, CLIENT_COLUMN_ANSWER, account->answer, sizeof account->answer,
                         &account->answer_len) ||
        !store_read_number(s, CLIENT_COLUMN_ANSWERED_AT, INT64_MIN, INT64_MAX,
                           &account->answered_at) ||
        !store_read_number(s, CLIENT_COLUMN_CREATED, INT64_MIN, INT64_MAX, &account->created))
        return false;
    account->pair = LEASE_NO_PAIR;
    account->state = LEASE_ACTIVE;
    lease_remember(account, &client->identity);
    return true;
}

enum store_result store_find_client(struct store *store,
                                    const struct lewes_ed25519_public *identity,
                                    struct mixnet_client *out)
{
    struct mixnet_client client;
    enum store_result result = STORE_NOT_FOUND;
    sqlite3_stmt *s = store->statements[STATEMENT_FIND_CLIENT];
    if (!bind_gateway(store, s) ||
        !store_bind_bytes(s, parameter(CLIENT_COLUMN_ED25519), identity, sizeof *identity))
        return store_not_bound(store, s);
    int code = store_step(store, s, STORE_POINT_READ);
    if (code == SQLITE_ROW)
        result = read_client(s, &client) ? STORE_OK : STORE_INVALID;
    else if (code != SQLITE_DONE)
        result = store_failed(store, code);
    store_reset(s);
    if (result == STORE_OK)
        *out = client;
    return result;
}

static bool client_valid(const struct mixnet_client *client)
{
    return client->account.answer_len <= LEASE_ANSWER_MAX && client->account.balance >= 0 &&
           client->account.balance <= LEASE_BALANCE_MAX;
}

static enum store_result upsert_client(struct store *store, const struct mixnet_client *client)
{
    const struct lease *account = &client->account;
    sqlite3_stmt *s = store->statements[STATEMENT_UPSERT_CLIENT];
    if (!bind_gateway(store, s) ||
        !store_bind_bytes(s, parameter(CLIENT_COLUMN_ED25519), &client->identity,
                          sizeof client->identity) ||
        !store_bind_bytes(s, parameter(CLIENT_COLUMN_X25519), &client->x25519,
                          sizeof client->x25519) ||
        !store_bind_number(s, parameter(CLIENT_COLUMN_BALANCE), account->balance) ||
        !store_bind_number(s, parameter(CLIENT_COLUMN_EXPIRES), account->expires) ||
        !store_bind_bytes(s, parameter(CLIENT_COLUMN_LAST_DIGEST), account->last_digest,
                          sizeof account->last_digest) ||
        !store_bind_bytes(s, parameter(CLIENT_COLUMN_ANSWER), account->answer,
                          account->answer_len) ||
        !store_bind_number(s, parameter(CLIENT_COLUMN_ANSWERED_AT), account->answered_at) ||
        !store_bind_number(s, parameter(CLIENT_COLUMN_CREATED), account->created))
        return store_not_bound(store, s);
    return store_write_row(store, s, STORE_POINT_LEASE, STORE_INVALID);
}

enum store_result store_register_client(struct store *store, const struct store_ticket *ticket,
                                        const struct mixnet_client *client)
{
    if (!client_valid(client) || (ticket && !store_ticket_valid(ticket)))
        return STORE_INVALID;
    enum store_result result = store_save(store);
    if (result != STORE_OK)
        return result;
    if (ticket)
        result = store_insert_ticket(store, ticket);
    if (result == STORE_OK)
        result = upsert_client(store, client);
    return store_end(store, result);
}

/* A row that cannot be read is taken, too: it would come again and again. */
enum store_result store_expire_clients(struct store *store, int64_t unix_seconds,
                                       struct mixnet_client *clients, size_t cap, size_t *count)
{
    sqlite3_stmt *s = store->statements[STATEMENT_EXPIRE_CLIENTS];
    int code;
    *count = 0;
    if (store->broken)
        return STORE_UNAVAILABLE;
    if (!bind_gateway(store, s) || !store_bind_number(s, 1, unix_seconds) ||
        !store_bind_number(s, 2, (int64_t)cap))
        return store_not_bound(store, s);
    while ((code = store_step(store, s, STORE_POINT_STATE)) == SQLITE_ROW)
        if (*count < cap && read_client(s, &clients[*count]))
            (*count)++;
    enum store_result result = code == SQLITE_DONE ? STORE_OK : store_failed(store, code);
    store_reset(s);
    return result;
}
