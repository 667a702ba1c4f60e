/* SPDX-License-Identifier: Apache-2.0 */
/* Book files (ecash.md 10). */
#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/ecash/wallet.h"

#define VERSION 1
#define CHECKSUM_LEN 32
#define BITMAP_LEN ((LEWES_BOOK_TICKETS + 7) / 8)

static const uint8_t magic[4] = {'L', 'W', 'B', 'K'};

static bool is_key_len(size_t len)
{
    for (size_t n = LEWESI_KEY_ELEMENTS_MIN; n <= LEWESI_KEY_ELEMENTS_MAX; n++)
        if (len == LEWESI_KEY_LEN(n))
            return true;
    return false;
}

/* ---- write ---- */

static void write_wallet(struct lewesi_writer *w, const struct lewes_wallet *wallet)
{
    lewesi_write_copy(w, wallet->signature, sizeof wallet->signature);
    lewesi_write_copy(w, wallet->v, sizeof wallet->v);
    lewesi_write_u32be(w, wallet->terms.expiration);
    lewesi_write_u8(w, (uint8_t)wallet->terms.type);
}

static void write_bitmap(struct lewesi_writer *w, const bool used[LEWES_BOOK_TICKETS])
{
    uint8_t bitmap[BITMAP_LEN] = {0};

    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++)
        bitmap[i / 8] |= (uint8_t)((unsigned)used[i] << i % 8);
    lewesi_write_copy(w, bitmap, sizeof bitmap);
}

enum lewes_error lewes_book_write(uint8_t *out, size_t cap, size_t *len,
                                  const struct lewes_book *book)
{
    uint8_t checksum[CHECKSUM_LEN];
    struct lewesi_writer w;

    *len = 0;
    if (!is_key_len(book->key_len))
        return LEWES_ERROR_ARGUMENT;
    if (cap < LEWES_BOOK_MIN - LEWESI_KEY_LEN(LEWESI_KEY_ELEMENTS_MIN) + book->key_len)
        return LEWES_ERROR_SPACE;
    lewesi_writer_init(&w, out, cap);
    lewesi_write_copy(&w, magic, sizeof magic);
    lewesi_write_u8(&w, VERSION);
    lewesi_write_u64be(&w, book->epoch);
    lewesi_write_u32be(&w, (uint32_t)book->key_len);
    lewesi_write_copy(&w, book->key, book->key_len);
    lewesi_write_copy(&w, book->wallet.user.bytes, sizeof book->wallet.user.bytes);
    write_wallet(&w, &book->wallet);
    lewesi_write_copy(&w, book->dates[0], sizeof book->dates);
    lewesi_write_copy(&w, book->coins[0], sizeof book->coins);
    write_bitmap(&w, book->used);
    lewesi_sha256(checksum, (struct lewesi_span){out, w.at}, (struct lewesi_span){NULL, 0});
    lewesi_write_copy(&w, checksum, sizeof checksum);
    *len = w.at;
    return LEWES_OK;
}

/* ---- read ---- */

static bool has_checksum(const uint8_t *bytes, size_t len)
{
    uint8_t sum[CHECKSUM_LEN];

    if (len < CHECKSUM_LEN)
        return false;
    lewesi_sha256(sum, (struct lewesi_span){bytes, len - CHECKSUM_LEN},
                  (struct lewesi_span){NULL, 0});
    return memcmp(sum, bytes + len - CHECKSUM_LEN, sizeof sum) == 0;
}

static bool read_head(struct lewesi_reader *r, struct lewes_book *book)
{
    const uint8_t *const head = lewesi_read_bytes(r, sizeof magic);

    if (head == NULL || memcmp(head, magic, sizeof magic) != 0 || lewesi_read_u8(r) != VERSION)
        return false;
    book->epoch = lewesi_read_u64be(r);
    book->key_len = lewesi_read_u32be(r);
    if (!is_key_len(book->key_len))
        return false;
    lewesi_read_copy(r, book->key, book->key_len);
    return true;
}

static bool read_wallet(struct lewesi_reader *r, struct lewes_wallet *wallet)
{
    lewesi_read_copy(r, wallet->user.bytes, sizeof wallet->user.bytes);
    lewesi_read_copy(r, wallet->signature, sizeof wallet->signature);
    lewesi_read_copy(r, wallet->v, sizeof wallet->v);
    wallet->terms.expiration = lewesi_read_u32be(r);
    const uint8_t type = lewesi_read_u8(r);
    wallet->terms.type = (enum lewes_ticket_type)(type & 3);
    return type <= LEWES_TICKET_WG_EXIT && wallet->terms.expiration % LEWES_DAY == 0;
}

static bool read_bitmap(struct lewesi_reader *r, bool used[LEWES_BOOK_TICKETS])
{
    uint8_t bitmap[BITMAP_LEN];

    lewesi_read_copy(r, bitmap, sizeof bitmap);
    for (unsigned i = 0; i < LEWES_BOOK_TICKETS; i++)
        used[i] = bitmap[i / 8] >> i % 8 & 1;
    return bitmap[BITMAP_LEN - 1] >> (LEWES_BOOK_TICKETS % 8) == 0;
}

enum lewes_error lewes_book_read(struct lewes_book *book, const uint8_t *bytes, size_t len)
{
    struct lewesi_reader r;

    lewesi_reader_init(&r, bytes, len);
    memset(book, 0, sizeof *book);
    bool good = has_checksum(bytes, len) && read_head(&r, book) && read_wallet(&r, &book->wallet);
    lewesi_read_copy(&r, book->dates[0], sizeof book->dates);
    lewesi_read_copy(&r, book->coins[0], sizeof book->coins);
    good =
        good && read_bitmap(&r, book->used) && !r.failed && lewesi_reader_left(&r) == CHECKSUM_LEN;
    if (!good)
        lewesi_wipe(book, sizeof *book);
    return good ? LEWES_OK : LEWES_ERROR_FORMAT;
}

/* ---- use ---- */

enum lewes_error lewes_book_check(const struct lewes_ecash_key *key, const struct lewes_book *book)
{
    enum lewes_error error =
        lewesi_wallet_is_signed(key, &book->wallet) ? LEWES_OK : LEWES_ERROR_AUTH;

    if (error == LEWES_OK)
        error = lewes_dates_check(key, book->wallet.terms.expiration, book->dates[0]);
    if (error == LEWES_OK)
        error = lewes_coins_check(key, book->coins[0]);
    return error;
}

enum lewes_error lewes_book_spending(struct lewes_spending *spending, const struct lewes_book *book,
                                     unsigned coin, uint32_t day, const uint8_t *pay_info)
{
    const uint32_t last = book->wallet.terms.expiration;
    const uint32_t left = last - day; /* seconds */

    if (coin >= LEWES_BOOK_TICKETS || day > last || left % LEWES_DAY != 0 ||
        left / LEWES_DAY >= LEWES_BOOK_DAYS)
        return LEWES_ERROR_ARGUMENT;
    *spending = (struct lewes_spending){
        .wallet = &book->wallet,
        .coin = coin,
        .day = day,
        .date_signature = book->dates[LEWES_BOOK_DAYS - 1 - left / LEWES_DAY],
        .index_signature = book->coins[coin],
        .pay_info = pay_info,
    };
    return LEWES_OK;
}
