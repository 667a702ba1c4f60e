/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/withdrawal_file.h"

#include <string.h>

#include "lib/base/bytes.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"

#define MAGIC "LWWD"
#define VERSION 1
#define CHECKED (WITHDRAWAL_FILE_LEN - 32)

void withdrawal_file_write(uint8_t out[WITHDRAWAL_FILE_LEN], const struct lewes_withdrawal *made)
{
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, WITHDRAWAL_FILE_LEN);
    lewesi_write_copy(&w, (const uint8_t *)MAGIC, 4);
    lewesi_write_u8(&w, VERSION);
    lewesi_write_copy(&w, made->user.bytes, 32);
    lewesi_write_u8(&w, (uint8_t)made->terms.type);
    lewesi_write_u32be(&w, made->terms.expiration);
    lewesi_write_copy(&w, made->h, 48);
    lewesi_write_copy(&w, made->v, 32);
    lewesi_write_copy(&w, made->o0, 32);
    lewesi_write_copy(&w, made->o1, 32);
    const struct lewesi_span span = {.data = out, .len = w.at};
    lewesi_sha256(out + w.at, span, (struct lewesi_span){0});
}

bool withdrawal_file_read(struct lewes_withdrawal *made, const uint8_t *bytes, size_t len)
{
    struct lewesi_reader r;
    uint8_t digest[32];
    const struct lewesi_span span = {.data = bytes, .len = CHECKED};
    lewesi_wipe(made, sizeof *made);
    if (len != WITHDRAWAL_FILE_LEN || memcmp(bytes, MAGIC, 4) != 0 || bytes[4] != VERSION)
        return false;
    lewesi_sha256(digest, span, (struct lewesi_span){0});
    if (memcmp(digest, bytes + CHECKED, sizeof digest) != 0 || bytes[37] > LEWES_TICKET_WG_EXIT)
        return false;
    lewesi_reader_init(&r, bytes + 5, CHECKED - 5);
    lewesi_read_copy(&r, made->user.bytes, 32);
    made->terms.type = (enum lewes_ticket_type)lewesi_read_u8(&r);
    made->terms.expiration = lewesi_read_u32be(&r);
    lewesi_read_copy(&r, made->h, 48);
    lewesi_read_copy(&r, made->v, 32);
    lewesi_read_copy(&r, made->o0, 32);
    lewesi_read_copy(&r, made->o1, 32);
    return true;
}

void wallet_write(uint8_t out[LEWES_WALLET_LEN], const struct lewes_wallet *wallet)
{
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, LEWES_WALLET_LEN);
    lewesi_write_copy(&w, wallet->signature, sizeof wallet->signature);
    lewesi_write_copy(&w, wallet->v, sizeof wallet->v);
    lewesi_write_u32be(&w, wallet->terms.expiration);
    lewesi_write_u8(&w, (uint8_t)wallet->terms.type);
}
