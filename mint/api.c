/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "host/words.h"
#include "mint/accounts.h"
#include "mint/arguments.h"
#include "mint/issue.h"

#define BEARER "Bearer "

/* ---- JSON ---- */

static char *dump(json_t *object)
{
    char *const text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

char *api_error(const char *name, const char *text)
{
    return dump(json_pack("{s:s, s:s}", "error", name, "message", text));
}

static void refuse(struct api_answer *answer, unsigned status, const char *name, const char *text)
{
    answer->status = status;
    answer->text = api_error(name, text);
}

static json_t *signatures(const uint8_t *list, size_t count)
{
    char hex[2 * LEWES_TICKET_SIGNATURE_LEN + 1];
    json_t *const array = json_array();
    for (size_t i = 0; i < count; i++) {
        hex_write(hex, list + i * LEWES_TICKET_SIGNATURE_LEN, LEWES_TICKET_SIGNATURE_LEN);
        json_array_append_new(array, json_string(hex));
    }
    return array;
}

static json_t *date(uint32_t seconds)
{
    char text[DATE_CAP];
    date_write(text, seconds);
    return json_string(text);
}

/* ---- what is public ---- */

static char *make_coins(const struct mint *mint)
{
    static uint8_t coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN];
    if (lewes_mint_sign_coins(coins, &mint->secret, mint->key_bytes, mint->key_len))
        return NULL;
    return dump(json_pack("{s:I, s:o}", "epoch", (json_int_t)mint->epoch.number, "signatures",
                          signatures(coins[0], LEWES_BOOK_TICKETS)));
}

static void get_coins(struct api *api, struct api_answer *answer)
{
    answer->status = 200;
    answer->text = strdup(api->coins);
}

static char *make_dates(const struct mint *mint, uint32_t expires)
{
    uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN];
    if (lewes_mint_sign_dates(dates, &mint->secret, expires))
        return NULL;
    return dump(json_pack("{s:I, s:o, s:o}", "epoch", (json_int_t)mint->epoch.number, "expires",
                          date(expires), "signatures", signatures(dates[0], LEWES_BOOK_DAYS)));
}

/* Books that can be spent from, and a day more for clocks that differ. */
static void get_dates(struct api *api, const struct api_request *request, struct api_answer *answer)
{
    uint32_t expires = 0;
    const uint32_t today = day_of(request->now);
    if (request->expires == NULL || !date_read(&expires, request->expires) || expires < today ||
        expires > issue_expiration(request->now) + LEWES_DAY) {
        refuse(answer, 400, "expires", "expires is a date from today to a week from today");
        return;
    }
    struct api_dates *const kept = &api->dates[expires / LEWES_DAY % API_DATES];
    if (kept->expires != expires || kept->text == NULL) {
        free(kept->text);
        kept->text = make_dates(&api->mint, expires);
        kept->expires = expires;
    }
    answer->status = 200;
    answer->text = kept->text != NULL ? strdup(kept->text) : NULL;
}

static void get_key(struct api *api, const struct api_request *request, struct api_answer *answer)
{
    char hex[2 * LEWES_MINT_KEY_MAX + 1];
    const struct key_epoch *const epoch = &api->mint.epoch;
    hex_write(hex, epoch->bytes, epoch->len);
    answer->status = 200;
    answer->text = dump(json_pack(
        "{s:I, s:s, s:o, s:o, s:o, s:i, s:i, s:[s,s,s,s]}", "epoch", (json_int_t)epoch->number,
        "vk", hex, "from", epoch->from > 0 ? date(epoch->from) : json_null(), "to",
        epoch->to < UINT32_MAX ? date(epoch->to) : json_null(), "expires",
        date(issue_expiration(request->now)), "tickets", LEWES_BOOK_TICKETS, "days",
        LEWES_BOOK_DAYS, "types", ticket_type_name(LEWES_TICKET_MIXNET_ENTRY),
        ticket_type_name(LEWES_TICKET_MIXNET_EXIT), ticket_type_name(LEWES_TICKET_WG_ENTRY),
        ticket_type_name(LEWES_TICKET_WG_EXIT)));
}

/* ---- issuing ---- */

static bool read_order(const struct api_request *request, struct issue_order *order,
                       uint8_t bytes[LEWES_WITHDRAWAL_LEN])
{
    json_error_t error;
    const char *pk = NULL, *type = NULL, *expires = NULL, *hex = NULL;
    json_t *const body = json_loadb(request->body, request->len, JSON_REJECT_DUPLICATES, &error);
    bool good = body != NULL && json_unpack(body, "{s:s, s:s, s:s, s:s !}", "pk", &pk, "type",
                                            &type, "expires", &expires, "request", &hex) == 0;
    good = good && hex_read(order->claim.user, LEWES_USER_KEY_LEN, pk) == LEWES_USER_KEY_LEN &&
           ticket_type_read(&order->claim.terms.type, type) &&
           date_read(&order->claim.terms.expiration, expires) &&
           hex_read(bytes, LEWES_WITHDRAWAL_LEN, hex) == LEWES_WITHDRAWAL_LEN;
    json_decref(body);
    order->request = bytes;
    order->len = LEWES_WITHDRAWAL_LEN;
    order->now = request->now;
    return good;
}

static void answer_issue(const struct api *api, const struct issue_order *order,
                         enum issue_result result, const uint8_t *blind, struct api_answer *answer)
{
    char hex[2 * LEWES_TICKET_SIGNATURE_LEN + 1];
    switch (result) {
    case ISSUE_DONE:
        hex_write(hex, blind, LEWES_TICKET_SIGNATURE_LEN);
        answer->status = 200;
        answer->text =
            dump(json_pack("{s:I, s:s, s:o, s:s}", "epoch", (json_int_t)api->mint.epoch.number,
                           "type", ticket_type_name(order->claim.terms.type), "expires",
                           date(order->claim.terms.expiration), "blind", hex));
        return;
    case ISSUE_MALFORMED:
        refuse(answer, 400, "request", issue_text(result));
        return;
    case ISSUE_TERMS:
        refuse(answer, 400, "expires", issue_text(result));
        return;
    case ISSUE_PROOF:
        refuse(answer, 400, "proof", issue_text(result));
        return;
    case ISSUE_LIMIT:
        refuse(answer, 429, "limit", issue_text(result));
        return;
    case ISSUE_EPOCH:
        complain("%s: %s: 'lewes-mint epoch add', and start again", api->mint.path,
                 issue_text(result));
        refuse(answer, 503, "unavailable", issue_text(result));
        return;
    case ISSUE_TAKEN:
        refuse(answer, 409, "taken", issue_text(result));
        return;
    case ISSUE_LOCAL:
        break;
    }
    complain("%s: %s: %s", api->mint.path, issue_text(result), strerror(errno));
    refuse(answer, 503, "unavailable", "the mint cannot issue now; send the same request later");
}

static void post_issue(struct api *api, const struct api_request *request,
                       struct api_answer *answer)
{
    uint8_t bytes[LEWES_WITHDRAWAL_LEN], blind[LEWES_TICKET_SIGNATURE_LEN];
    struct account account;
    struct issue_order order;
    const size_t scheme = strlen(BEARER);
    int found = 0;
    if (request->authorization != NULL && strncmp(request->authorization, BEARER, scheme) == 0)
        found = accounts_by_token(api->mint.dir, request->authorization + scheme,
                                  strlen(request->authorization) - scheme, &account);
    if (found < 0) {
        complain("%s/%s: %s", api->mint.path, MINT_ACCOUNTS, strerror(errno));
        refuse(answer, 503, "unavailable",
               "the mint cannot issue now; send the same request later");
        return;
    }
    if (found == 0) {
        refuse(answer, 401, "token", "no account has this token");
        return;
    }
    memcpy(answer->account, account.name, sizeof answer->account);
    if (!read_order(request, &order, bytes)) {
        refuse(answer, 400, "body", "the body is {\"pk\", \"type\", \"expires\", \"request\"}");
        return;
    }
    order.account = account.name;
    order.books_per_day = account.books_per_day;
    answer_issue(api, &order, issue_book(&api->mint, api->ledger, &order, blind), blind, answer);
}

/* ---- routes ---- */

void api_answer(struct api *api, const struct api_request *request, struct api_answer *answer)
{
    static const char *const routes[] = {"/v1/issue", "/v1/dates", "/v1/coins", "/v1/key"};
    *answer = (struct api_answer){.route = "-", .account = "-"};
    int route = -1;
    for (int i = 0; i < 4; i++)
        if (strcmp(request->path, routes[i]) == 0)
            route = i;
    if (route < 0) {
        refuse(answer, 404, "path", "there is no such path");
        return;
    }
    answer->route = routes[route];
    const bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (route == 0 ? strcmp(request->method, "POST") != 0 : !reads)
        refuse(answer, 405, "method", "POST issue; GET dates, coins and key");
    else if (route == 0)
        post_issue(api, request, answer);
    else if (route == 1)
        get_dates(api, request, answer);
    else if (route == 2)
        get_coins(api, answer);
    else
        get_key(api, request, answer);
}

static void warn_of_epoch(const struct key_epoch *epoch, uint64_t now)
{
    if (day_of(now) < epoch->from || issue_expiration(now) > epoch->to)
        complain("epoch %llu does not cover the days of a book of today: none is issued",
                 (unsigned long long)epoch->number);
}

int api_open(struct api *api, const char *directory, uint64_t now)
{
    memset(api, 0, sizeof *api);
    const int code = mint_open_epoch(&api->mint, directory);
    if (code != EXIT_DONE)
        return code;
    api->coins = make_coins(&api->mint);
    if (api->coins == NULL)
        complain("the coin signatures could not be made");
    else if (ledger_open(&api->ledger, api->mint.dir) || ledger_lock(api->ledger, now))
        complain("%s/%s: %s", api->mint.path, MINT_LEDGER, strerror(errno));
    else {
        ledger_unlock(api->ledger);
        warn_of_epoch(&api->mint.epoch, now);
        return EXIT_DONE;
    }
    api_close(api);
    return EXIT_LOCAL;
}

void api_close(struct api *api)
{
    ledger_close(api->ledger);
    for (size_t i = 0; i < API_DATES; i++)
        free(api->dates[i].text);
    free(api->coins);
    mint_close(&api->mint);
}
