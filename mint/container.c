/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/container.h"

#include <lewes/mint.h>

#include "lib/base/bytes.h"
#include "lib/registration/codec.h"

#define YEAR_MAX 2105 /* later days do not fit into a ticket's 32 bits */

size_t container_write(uint8_t out[CONTAINER_CAP], const struct lewes_credential *credential)
{
    struct lewesi_writer w;
    lewesi_writer_init(&w, out, CONTAINER_CAP);
    lewesi_write_copy(&w, credential->payment, credential->payment_len);
    lewesi_write_varint(&w, LEWES_PAY_INFO_LEN);
    lewesi_write_copy(&w, credential->pay_info, LEWES_PAY_INFO_LEN);
    lewesi_write_varint(&w, lewesi_zigzag(credential->spend_date.year));
    lewesi_write_varint(&w, credential->spend_date.day);
    lewesi_write_varint(&w, credential->epoch);
    return w.failed || !lewesi_date_valid(credential->spend_date) ? 0 : w.at;
}

enum lewes_error container_read(struct lewes_credential *credential, const uint8_t *bytes,
                                size_t len)
{
    struct lewesi_reader r;
    const enum lewes_error error = lewes_payment_measure(bytes, len, &credential->payment_len);
    if (error)
        return error;
    lewesi_reader_init(&r, bytes, len);
    credential->payment = lewesi_read_bytes(&r, credential->payment_len);
    if (lewesi_read_varint(&r, LEWES_PAY_INFO_LEN, LEWESI_SHORTEST) != LEWES_PAY_INFO_LEN)
        return LEWES_ERROR_FORMAT;
    lewesi_read_copy(&r, credential->pay_info, LEWES_PAY_INFO_LEN);
    const int64_t year = lewesi_unzigzag(lewesi_read_varint(&r, UINT32_MAX, LEWESI_ANY));
    credential->spend_date.day = (uint16_t)lewesi_read_varint(&r, UINT16_MAX, LEWESI_ANY);
    credential->epoch = lewesi_read_varint(&r, INT64_MAX, LEWESI_ANY);
    if (year < 0 || year > YEAR_MAX)
        return LEWES_ERROR_FORMAT;
    credential->spend_date.year = (uint16_t)year;
    return lewesi_reader_done(&r) && lewesi_date_valid(credential->spend_date) ? LEWES_OK
                                                                               : LEWES_ERROR_FORMAT;
}

uint32_t container_day(const struct lewes_credential *credential)
{
    const unsigned before = credential->spend_date.year - 1U;
    const unsigned days = (credential->spend_date.year - 1970U) * 365 +
                          (before / 4 - before / 100 + before / 400) -
                          (1969 / 4 - 1969 / 100 + 1969 / 400) + credential->spend_date.day - 1U;
    return days * LEWES_DAY;
}
