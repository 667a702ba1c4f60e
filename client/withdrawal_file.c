/* SPDX-License-Identifier: Apache-2.0 */
#include "client/withdrawal_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/state_files.h"
#include "host/words.h"

#define NAME_CAP 64

/* The file: these, in this order, and a book. */
static const uint8_t magic[8] = "LWRQ\0\0\0\1";
enum {
    AT_MINT = sizeof magic,
    AT_H = AT_MINT + MINT_URL_CAP,
    AT_O0 = AT_H + 48,
    AT_O1 = AT_O0 + 32,
    AT_REQUEST = AT_O1 + 32,
    AT_BOOK = AT_REQUEST + LEWES_WITHDRAWAL_LEN,
    FILE_CAP = AT_BOOK + LEWES_BOOK_MAX
};

static void name_of(char name[NAME_CAP], enum lewes_ticket_type type)
{
    snprintf(name, NAME_CAP, "%s.request", ticket_type_name(type));
}

int withdrawal_file_write(int dir, const struct withdrawal_file *file)
{
    uint8_t bytes[FILE_CAP] = {0};
    char name[NAME_CAP];
    size_t len = 0;
    int failed = -1;
    memcpy(bytes, magic, sizeof magic);
    memcpy(bytes + AT_MINT, file->mint, MINT_URL_CAP);
    memcpy(bytes + AT_H, file->withdrawal.h, sizeof file->withdrawal.h);
    memcpy(bytes + AT_O0, file->withdrawal.o0, sizeof file->withdrawal.o0);
    memcpy(bytes + AT_O1, file->withdrawal.o1, sizeof file->withdrawal.o1);
    memcpy(bytes + AT_REQUEST, file->request, sizeof file->request);
    name_of(name, file->withdrawal.terms.type);
    if (lewes_book_write(bytes + AT_BOOK, LEWES_BOOK_MAX, &len, &file->book))
        errno = EINVAL;
    else
        failed = state_file_replace(dir, name, bytes, AT_BOOK + len);
    lewes_wipe(bytes, sizeof bytes);
    return failed;
}

static bool decode(struct withdrawal_file *file, const uint8_t *bytes, size_t len)
{
    struct lewes_withdrawal *const withdrawal = &file->withdrawal;
    if (len < AT_BOOK || memcmp(bytes, magic, sizeof magic) != 0 || bytes[AT_H - 1] != 0 ||
        lewes_book_read(&file->book, bytes + AT_BOOK, len - AT_BOOK))
        return false;
    memcpy(file->mint, bytes + AT_MINT, MINT_URL_CAP);
    memcpy(withdrawal->h, bytes + AT_H, sizeof withdrawal->h);
    memcpy(withdrawal->o0, bytes + AT_O0, sizeof withdrawal->o0);
    memcpy(withdrawal->o1, bytes + AT_O1, sizeof withdrawal->o1);
    memcpy(file->request, bytes + AT_REQUEST, sizeof file->request);
    memcpy(withdrawal->v, file->book.wallet.v, sizeof withdrawal->v);
    withdrawal->user = file->book.wallet.user;
    withdrawal->terms = file->book.wallet.terms;
    return true;
}

int withdrawal_file_read(int dir, enum lewes_ticket_type type, struct withdrawal_file *file)
{
    uint8_t bytes[FILE_CAP];
    char name[NAME_CAP];
    int failed = -1;
    memset(file, 0, sizeof *file);
    name_of(name, type);
    const ssize_t len = state_file_read(dir, name, bytes, sizeof bytes);
    if (len >= 0) {
        const bool good = decode(file, bytes, (size_t)len) && file->withdrawal.terms.type == type;
        failed = good ? 0 : -1;
        errno = good ? 0 : EBADMSG;
    }
    lewes_wipe(bytes, sizeof bytes);
    return failed;
}

int withdrawal_file_remove(int dir, enum lewes_ticket_type type)
{
    char name[NAME_CAP];
    name_of(name, type);
    return unlinkat(dir, name, 0) || fsync(dir) ? -1 : 0;
}
