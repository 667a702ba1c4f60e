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
    lewesi_write_credential(&w, credential);
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
    lewesi_read_credential(&r, credential);
    return lewesi_reader_done(&r) && credential->spend_date.year <= YEAR_MAX ? LEWES_OK
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
