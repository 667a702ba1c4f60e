/* SPDX-License-Identifier: Apache-2.0 */
/* Registration requests (registration.md 3, 4). */
#include <string.h>

#include "lib/registration/codec.h"

#define KEY_TEXT_LEN 44  /* registration.md 1: base64 of 32 bytes */
#define COUNT_OFFSET 887 /* registration.md R6: the byte that tells the length of a payment */
#define EPOCH_MAX INT64_MAX
#define REGISTRATION_MIN 45 /* registration.md R12 */

/* The fields of registration.md 3, by number. */
enum field { WHOLE, WG_KEY, CREDENTIAL, TICKET_TYPE, MODE, CLIENT_IP, TIMESTAMP };

static bool is_base64(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

enum lewes_payload_kind lewes_payload_kind(const uint8_t *payload, size_t len)
{
    if (len < REGISTRATION_MIN || len > LEWES_REQUEST_MAX || payload[0] != KEY_TEXT_LEN)
        return LEWES_PAYLOAD_FORWARD;
    for (size_t i = 1; i < KEY_TEXT_LEN; i++)
        if (!is_base64(payload[i]))
            return LEWES_PAYLOAD_FORWARD;
    return payload[KEY_TEXT_LEN] == '=' ? LEWES_PAYLOAD_REGISTRATION : LEWES_PAYLOAD_FORWARD;
}

void lewes_pay_info_encode(uint8_t out[LEWES_PAY_INFO_LEN], const struct lewes_pay_info *info)
{
    memcpy(out, info->random, 32);
    lewesi_store64be(out + 32, (uint64_t)info->unix_seconds);
    memcpy(out + 40, info->gateway.bytes, LEWES_KEY_LEN);
}

void lewes_pay_info_decode(struct lewes_pay_info *info, const uint8_t bytes[LEWES_PAY_INFO_LEN])
{
    memcpy(info->random, bytes, 32);
    info->unix_seconds = (int64_t)lewesi_load64be(bytes + 32);
    memcpy(info->gateway.bytes, bytes + 40, LEWES_KEY_LEN);
}

static size_t payment_len(uint8_t bound_count)
{
    return bound_count == 1 ? LEWES_PAYMENT_BOUND_LEN : LEWES_PAYMENT_UNBOUND_LEN;
}

static bool encodable(const struct lewes_request *request)
{
    const struct lewes_credential *credential = &request->credential;
    bool mode = request->mode == LEWES_MODE_DVPN || request->mode == LEWES_MODE_MIXNET;
    bool payment = credential->payment && credential->payment_len > COUNT_OFFSET &&
                   credential->payment[COUNT_OFFSET] <= 1 &&
                   credential->payment_len == payment_len(credential->payment[COUNT_OFFSET]);
    return mode && payment && (unsigned)request->ticket_type <= LEWES_TICKET_WG_EXIT &&
           lewesi_date_valid(credential->spend_date) && credential->epoch <= EPOCH_MAX &&
           (request->client_ip.family == 4 || request->client_ip.family == 6) &&
           request->timestamp <= INT64_MAX;
}

void lewesi_write_credential(struct lewesi_writer *w, const struct lewes_credential *credential)
{
    lewesi_write_copy(w, credential->payment, credential->payment_len);
    lewesi_write_varint(w, LEWES_PAY_INFO_LEN);
    lewesi_write_copy(w, credential->pay_info, LEWES_PAY_INFO_LEN);
    lewesi_write_varint(w, lewesi_zigzag(credential->spend_date.year));
    lewesi_write_varint(w, credential->spend_date.day);
    lewesi_write_varint(w, credential->epoch);
}

enum lewes_error lewes_request_encode(const struct lewes_request *request, uint8_t *out, size_t cap,
                                      size_t *len)
{
    char key[LEWES_BASE64_CAP];
    struct lewesi_writer w;
    if (!encodable(request))
        return LEWES_ERROR_VALUE;
    lewesi_writer_init(&w, out, cap);
    lewes_base64_encode(key, request->wg_key.bytes);
    lewesi_write_varint(&w, KEY_TEXT_LEN);
    lewesi_write_copy(&w, (const uint8_t *)key, KEY_TEXT_LEN);
    lewesi_write_credential(&w, &request->credential);
    lewesi_write_varint(&w, (uint64_t)request->ticket_type);
    lewesi_write_varint(&w, (uint64_t)request->mode);
    if (request->mode == LEWES_MODE_MIXNET) {
        lewesi_write_copy(&w, request->mixnet_identity.bytes, LEWES_KEY_LEN);
        lewesi_write_copy(&w, request->mixnet_x25519.bytes, LEWES_KEY_LEN);
    }
    lewesi_write_ip(&w, &request->client_ip);
    lewesi_write_varint(&w, request->timestamp);
    return lewesi_write_finish(&w, len);
}

static void read_wg_key(struct lewesi_reader *r, struct lewes_wg_public *key)
{
    if (lewesi_read_varint(r, KEY_TEXT_LEN, LEWESI_SHORTEST) != KEY_TEXT_LEN)
        r->failed = true;
    const uint8_t *text = lewesi_read_bytes(r, KEY_TEXT_LEN);
    if (text && lewes_base64_decode(key->bytes, (const char *)text, KEY_TEXT_LEN))
        r->failed = true;
}

static void read_payment(struct lewesi_reader *r, struct lewes_credential *credential)
{
    if (lewesi_reader_left(r) <= COUNT_OFFSET || r->data[r->at + COUNT_OFFSET] > 1) {
        r->failed = true;
        return;
    }
    credential->payment_len = payment_len(r->data[r->at + COUNT_OFFSET]);
    credential->payment = lewesi_read_bytes(r, credential->payment_len);
}

void lewesi_read_credential(struct lewesi_reader *r, struct lewes_credential *credential)
{
    read_payment(r, credential);
    if (lewesi_read_varint(r, LEWES_PAY_INFO_LEN, LEWESI_SHORTEST) != LEWES_PAY_INFO_LEN)
        r->failed = true;
    lewesi_read_copy(r, credential->pay_info, LEWES_PAY_INFO_LEN);
    int64_t year = lewesi_unzigzag(lewesi_read_varint(r, UINT32_MAX, LEWESI_ANY));
    if (year < 0 || year > UINT16_MAX)
        r->failed = true;
    credential->spend_date.year = (uint16_t)year;
    credential->spend_date.day = (uint16_t)lewesi_read_varint(r, UINT16_MAX, LEWESI_ANY);
    if (!lewesi_date_valid(credential->spend_date))
        r->failed = true;
    credential->epoch = lewesi_read_varint(r, EPOCH_MAX, LEWESI_ANY);
}

static void read_mode(struct lewesi_reader *r, struct lewes_request *request)
{
    request->mode = (enum lewes_mode)lewesi_read_varint(r, LEWES_MODE_MIXNET, LEWESI_SHORTEST);
    if (request->mode != LEWES_MODE_MIXNET)
        return;
    lewesi_read_copy(r, request->mixnet_identity.bytes, LEWES_KEY_LEN);
    lewesi_read_copy(r, request->mixnet_x25519.bytes, LEWES_KEY_LEN);
}

static void read_field(struct lewesi_reader *r, enum field field, struct lewes_request *request)
{
    switch (field) {
    case WG_KEY:
        read_wg_key(r, &request->wg_key);
        break;
    case CREDENTIAL:
        lewesi_read_credential(r, &request->credential);
        break;
    case TICKET_TYPE:
        request->ticket_type =
            (enum lewes_ticket_type)lewesi_read_varint(r, LEWES_TICKET_WG_EXIT, LEWESI_SHORTEST);
        break;
    case MODE:
        read_mode(r, request);
        break;
    case CLIENT_IP:
        lewesi_read_ip(r, &request->client_ip);
        break;
    case TIMESTAMP:
        request->timestamp = lewesi_read_varint(r, INT64_MAX, LEWESI_ANY);
        break;
    case WHOLE:
        break;
    }
}

enum lewes_error lewes_request_decode(struct lewes_request *request, const uint8_t *bytes,
                                      size_t len, unsigned *field)
{
    struct lewes_request decoded;
    struct lewesi_reader r;
    unsigned at = WHOLE;
    enum lewes_error error = len > LEWES_REQUEST_MAX ? LEWES_ERROR_LENGTH : LEWES_OK;
    memset(&decoded, 0, sizeof decoded);
    lewesi_reader_init(&r, bytes, len);
    while (!error && at < TIMESTAMP) {
        read_field(&r, (enum field)++ at, &decoded);
        if (r.failed)
            error = LEWES_ERROR_FORMAT;
    }
    if (!error && !lewesi_reader_done(&r)) {
        error = LEWES_ERROR_LENGTH;
        at = WHOLE;
    }
    if (error && field)
        *field = at;
    if (!error)
        *request = decoded;
    return error;
}
