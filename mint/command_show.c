/* SPDX-License-Identifier: Apache-2.0 */
/* `lewes-mint show`: what a file is, by its length and first bytes. Nothing secret is printed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/words.h"
#include "lib/base/secret.h"
#include "mint/arguments.h"
#include "mint/container.h"
#include "mint/file_io.h"
#include "mint/key_file.h"
#include "mint/ledger.h"
#include "mint/verdict.h"
#include "mint/withdrawal_file.h"

#define SHOW_MAX (64 * 1024)

static void put_hex(const char *name, const uint8_t *bytes, size_t len)
{
    char hex[2 * LEWES_PAYMENT_BOUND_LEN + 1];
    hex_write(hex, bytes, len);
    printf("  %-12s %s\n", name, hex);
}

static void put_terms(const struct lewes_book_terms *terms)
{
    char date[DATE_CAP];
    date_write(date, terms->expiration);
    printf("  %-12s %s\n  %-12s %s\n", "type", ticket_type_name(terms->type), "expires", date);
}

static bool show_book(const uint8_t *bytes, size_t len)
{
    static struct lewes_book book;
    uint8_t public_key[LEWES_USER_KEY_LEN];
    unsigned used = 0;
    if (lewes_book_read(&book, bytes, len))
        return false;
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++)
        used += book.used[i];
    printf("book\n  %-12s %" PRIu64 "\n", "epoch", book.epoch);
    put_terms(&book.wallet.terms);
    printf("  %-12s %u of %u\n", "coins used", used, LEWES_BOOK_TICKETS);
    if (lewes_user_public(public_key, &book.wallet.user) == LEWES_OK)
        put_hex("pk", public_key, sizeof public_key);
    lewesi_wipe(&book, sizeof book);
    return true;
}

static bool show_withdrawal(const uint8_t *bytes, size_t len)
{
    struct lewes_withdrawal withdrawal;
    if (!withdrawal_file_read(&withdrawal, bytes, len))
        return false;
    puts("secret of a request");
    put_terms(&withdrawal.terms);
    lewesi_wipe(&withdrawal, sizeof withdrawal);
    return true;
}

static void put_payment(const uint8_t *payment, size_t len)
{
    struct lewes_payment_view view;
    if (lewes_payment_peek(&view, payment, len))
        return;
    printf("  %-12s %s\n  %-12s %s\n", "type", ticket_type_name(view.type), "index",
           view.bound ? "bound" : "unbound");
    put_hex("serial", view.serial, sizeof view.serial);
    put_hex("tag", view.tag, sizeof view.tag);
}

static bool show_payment(const uint8_t *bytes, size_t len)
{
    size_t payment_len;
    if (lewes_payment_measure(bytes, len, &payment_len) || payment_len != len)
        return false;
    puts("payment");
    put_payment(bytes, len);
    return true;
}

static bool show_container(const uint8_t *bytes, size_t len)
{
    struct lewes_credential credential;
    struct lewes_pay_info info;
    char date[DATE_CAP], payee[LEWES_BASE58_CAP];
    if (container_read(&credential, bytes, len))
        return false;
    lewes_pay_info_decode(&info, credential.pay_info);
    lewes_base58_encode(payee, info.gateway.bytes);
    date_write(date, container_day(&credential));
    printf("container\n  %-12s %" PRIu64 "\n  %-12s %s\n  %-12s %" PRId64 "\n  %-12s %s\n", "epoch",
           credential.epoch, "spend date", date, "time", info.unix_seconds, "payee", payee);
    put_payment(credential.payment, credential.payment_len);
    return true;
}

static bool show_keys(const uint8_t *bytes, size_t len)
{
    static struct key_file keys;
    unsigned line;
    if (key_file_read(&keys, (const char *)bytes, len, &line))
        return false;
    puts("key file");
    for (size_t i = 0; i < keys.count; i++) {
        char from[DATE_CAP], to[DATE_CAP];
        date_write(from, keys.epochs[i].from);
        date_write(to, keys.epochs[i].to);
        printf("  epoch %" PRIu64 ", %zu elements%s%s%s%s\n", keys.epochs[i].number,
               (keys.epochs[i].len - 104) / 144, keys.epochs[i].from > 0 ? ", from " : "",
               keys.epochs[i].from > 0 ? from : "", keys.epochs[i].to < UINT32_MAX ? ", to " : "",
               keys.epochs[i].to < UINT32_MAX ? to : "");
    }
    return true;
}

static bool show_secret(const uint8_t *bytes, size_t len)
{
    struct lewes_mint_secret secret;
    if (lewes_mint_secret_read(&secret, bytes, len))
        return false;
    printf("secret key of a mint, %u elements\n", secret.elements);
    lewesi_wipe(&secret, sizeof secret);
    return true;
}

static bool show_wallet(const uint8_t *bytes, size_t len)
{
    if (len != LEWES_WALLET_LEN || bytes[132] > LEWES_TICKET_WG_EXIT)
        return false;
    const struct lewes_book_terms terms = {.type = (enum lewes_ticket_type)bytes[132],
                                           .expiration = (uint32_t)bytes[128] << 24 |
                                                         (uint32_t)bytes[129] << 16 |
                                                         (uint32_t)bytes[130] << 8 | bytes[131]};
    puts("wallet");
    put_terms(&terms);
    return true;
}

/* What has nothing to tell but its length. */
static bool show_plain(const uint8_t *bytes, size_t len)
{
    static const struct plain {
        size_t len;
        const char *name;
    } plains[] = {
        {LEWES_WITHDRAWAL_LEN, "request"},
        {LEWES_TICKET_SIGNATURE_LEN, "blind signature"},
        {LEWES_BOOK_DAYS * LEWES_TICKET_SIGNATURE_LEN, "date signatures"},
        {LEWES_BOOK_TICKETS * LEWES_TICKET_SIGNATURE_LEN, "coin signatures"},
        {sizeof(struct lewes_user_secret), "secret key of a user"},
    };
    for (size_t i = 0; i < sizeof plains / sizeof plains[0]; i++)
        if (plains[i].len == len) {
            puts(plains[i].name);
            if (len == LEWES_TICKET_SIGNATURE_LEN) {
                put_hex("h", bytes, 48);
                put_hex("c", bytes + 48, 48);
            }
            return true;
        }
    return false;
}

int command_show(const struct arguments *arguments)
{
    static bool (*const readers[])(const uint8_t *, size_t) = {
        show_book,   show_withdrawal, show_payment, show_container,
        show_secret, show_keys,       show_wallet,  show_plain};
    static uint8_t bytes[SHOW_MAX];
    const char *const path = arguments->operands[0];
    int code = EXIT_REFUSED;
    const ssize_t len = input_read(path, false, bytes, sizeof bytes);
    if (len < 0)
        return EXIT_LOCAL;
    for (size_t i = 0; code == EXIT_REFUSED && i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i](bytes, (size_t)len))
            code = EXIT_DONE;
    if (code == EXIT_REFUSED)
        complain("%s: nothing that lewes-mint knows, or damaged", path);
    lewesi_wipe(bytes, sizeof bytes);
    return fflush(stdout) == 0 ? code : EXIT_LOCAL;
}
