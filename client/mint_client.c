/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mint_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <lewes/client.h>

#include "client/http.h"
#include "host/words.h"

#define HEX_CAP (2 * LEWES_WITHDRAWAL_LEN + 1)
#define BODY_CAP (HEX_CAP + 256)

/* ---- calls ---- */

/* The mint's own words, if they can be shown on a terminal. */
static void take_message(struct mint_client *client, json_t *root, long status)
{
    const char *const message = json_string_value(json_object_get(root, "message"));
    bool plain = message && strlen(message) < MINT_FAULT_CAP / 2;
    for (const char *c = message; plain && *c; c++)
        plain = *c >= ' ' && *c <= '~';
    if (plain)
        snprintf(client->fault, sizeof client->fault, "the mint says: %s", message);
    else
        snprintf(client->fault, sizeof client->fault, "the mint answered with HTTP status %ld",
                 status);
}

/* A request that is refused is forgotten, and a book with it if it was issued before. So a proxy's
 * word does not count, only what a mint would say. */
static bool is_refusal(const json_t *root)
{
    static const char *const errors[] = {"body", "request", "expires", "proof"};
    const char *const error = json_string_value(json_object_get(root, "error"));
    for (size_t i = 0; error && i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(error, errors[i]) == 0)
            return true;
    return false;
}

static enum mint_result result_of(long status, const json_t *root)
{
    switch (status) {
    case 200:
        return json_is_object(root) ? MINT_DONE : MINT_NONSENSE;
    case 400:
        return is_refusal(root) ? MINT_REFUSED : MINT_NONSENSE;
    case 401:
    case 403:
    case 409:
        return MINT_FORBIDDEN;
    case 429:
        return MINT_LIMIT;
    default:
        return status >= 500 ? MINT_UNREACHABLE : MINT_NONSENSE;
    }
}

/* `*root` is to be released, and not NULL if it is done. */
static enum mint_result call_mint(struct mint_client *client, const char *path, const char *body,
                                  json_t **root)
{
    struct http_call *const call = malloc(sizeof *call);
    char url[MINT_URL_CAP + 64];
    json_error_t error;
    size_t len = strlen(client->url);
    enum mint_result result = MINT_UNREACHABLE;
    *root = NULL;
    snprintf(client->fault, sizeof client->fault, "no memory");
    if (!call)
        return result;
    while (len > 0 && client->url[len - 1] == '/')
        len--;
    snprintf(url, sizeof url, "%.*s%s", (int)len, client->url, path);
    call->url = url;
    call->body = body;
    call->token = body ? client->token : NULL;
    http_run(call);
    if (call->status == 0) {
        snprintf(client->fault, sizeof client->fault, "the mint cannot be reached: %s",
                 call->fault);
    } else {
        *root = json_loadb(call->answer, call->len, JSON_REJECT_DUPLICATES, &error);
        result = result_of(call->status, *root);
        if (result != MINT_DONE)
            take_message(client, *root, call->status);
    }
    if (result != MINT_DONE) {
        json_decref(*root);
        *root = NULL;
    }
    free(call);
    return result;
}

static enum mint_result nonsense(struct mint_client *client, const char *what)
{
    snprintf(client->fault, sizeof client->fault, "%s", what);
    return MINT_NONSENSE;
}

/* ---- key and public signatures ---- */

static bool read_key(json_t *root, struct lewes_book *book)
{
    const json_t *const epoch = json_object_get(root, "epoch");
    const char *const hex = json_string_value(json_object_get(root, "vk"));
    const ssize_t len = hex ? hex_read(book->key, sizeof book->key, hex) : -1;
    book->key_len = len > 0 ? (size_t)len : 0;
    book->epoch = (uint64_t)json_integer_value(epoch);
    return json_is_integer(epoch) && json_integer_value(epoch) >= 0 && book->key_len > 0;
}

static bool read_signature(uint8_t out[LEWES_TICKET_SIGNATURE_LEN], const json_t *text)
{
    const char *const hex = json_string_value(text);
    return hex && hex_read(out, LEWES_TICKET_SIGNATURE_LEN, hex) == LEWES_TICKET_SIGNATURE_LEN;
}

/* `count` signatures of the same epoch. */
static bool read_signatures(json_t *root, const struct lewes_book *book,
                            uint8_t (*out)[LEWES_TICKET_SIGNATURE_LEN], size_t count)
{
    json_t *const list = json_object_get(root, "signatures");
    const json_t *const epoch = json_object_get(root, "epoch");
    bool good = json_is_integer(epoch) && (uint64_t)json_integer_value(epoch) == book->epoch &&
                json_array_size(list) == count;
    for (size_t i = 0; good && i < count; i++)
        good = read_signature(out[i], json_array_get(list, i));
    return good;
}

static bool hold(const struct lewes_book *book)
{
    struct lewes_ecash *ecash = NULL;
    struct lewes_ecash_key *key = NULL;
    struct lewes_env env;
    lewes_env_system(&env);
    const bool good = !lewes_ecash_new(&ecash, &env) &&
                      !lewes_ecash_key_new(&key, &env, ecash, book->key, book->key_len) &&
                      !lewes_dates_check(key, book->wallet.terms.expiration, book->dates[0]) &&
                      !lewes_coins_check(key, book->coins[0]);
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return good;
}

enum mint_result mint_client_prepare(struct mint_client *client, struct lewes_book *book)
{
    char day[DATE_CAP], path[64];
    json_t *key = NULL, *dates = NULL, *coins = NULL;
    date_write(day, book->wallet.terms.expiration);
    snprintf(path, sizeof path, "/v1/dates?expires=%s", day);
    enum mint_result result = call_mint(client, "/v1/key", NULL, &key);
    if (result == MINT_DONE)
        result = call_mint(client, path, NULL, &dates);
    if (result == MINT_DONE)
        result = call_mint(client, "/v1/coins", NULL, &coins);
    if (result == MINT_DONE &&
        (!read_key(key, book) || !read_signatures(dates, book, book->dates, LEWES_BOOK_DAYS) ||
         !read_signatures(coins, book, book->coins, LEWES_BOOK_TICKETS)))
        result = nonsense(client, "what the mint answered is not as it should be: is this a mint?");
    if (result == MINT_DONE && !hold(book))
        result =
            nonsense(client, "the mint's signatures do not hold: its tickets would be refused");
    json_decref(key);
    json_decref(dates);
    json_decref(coins);
    return result;
}

/* ---- the book ---- */

enum mint_result mint_client_issue(struct mint_client *client, const struct withdrawal_file *file,
                                   uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    char pk[2 * LEWES_USER_KEY_LEN + 1], request[HEX_CAP], day[DATE_CAP], body[BODY_CAP];
    uint8_t user[LEWES_USER_KEY_LEN];
    json_t *root = NULL;
    if (lewes_user_public(user, &file->withdrawal.user))
        return nonsense(client, "the kept request is damaged");
    hex_write(pk, user, sizeof user);
    hex_write(request, file->request, sizeof file->request);
    date_write(day, file->withdrawal.terms.expiration);
    snprintf(body, sizeof body,
             "{\"pk\":\"%s\",\"type\":\"%s\",\"expires\":\"%s\",\"request\":\"%s\"}", pk,
             ticket_type_name(file->withdrawal.terms.type), day, request);
    enum mint_result result = call_mint(client, "/v1/issue", body, &root);
    if (result == MINT_DONE && !read_signature(blind, json_object_get(root, "blind")))
        result = nonsense(client, "the mint's answer holds no signature");
    json_decref(root);
    return result;
}

bool mint_client_finish(struct withdrawal_file *file,
                        const uint8_t blind[LEWES_TICKET_SIGNATURE_LEN])
{
    struct lewes_ecash *ecash = NULL;
    struct lewes_ecash_key *key = NULL;
    struct lewes_wallet wallet;
    struct lewes_env env;
    lewes_env_system(&env);
    const bool good = !lewes_ecash_new(&ecash, &env) &&
                      !lewes_ecash_key_new(&key, &env, ecash, file->book.key, file->book.key_len) &&
                      !lewes_withdrawal_finish(&wallet, key, &file->withdrawal, blind);
    if (good)
        file->book.wallet = wallet;
    lewes_wipe(&wallet, sizeof wallet);
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return good;
}
