/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/vectors.h"

#define PAYMENT_OFFSET 45 /* registration.md 3, example 1 */

void message_load(struct message *message, const char *name)
{
    json_t *file = vectors_load("registration/examples.json");
    message->len = vectors_hex(file, name, message->bytes, sizeof message->bytes);
    json_decref(file);
}

void message_replace(struct message *message, size_t at, size_t len, const void *with,
                     size_t with_len)
{
    size_t tail = message->len - at - len;
    assert_true(at + with_len + tail <= sizeof message->bytes);
    memmove(message->bytes + at + with_len, message->bytes + at + len, tail);
    memcpy(message->bytes + at, with, with_len);
    message->len = at + with_len + tail;
}

void message_request(struct lewes_request *request, uint8_t payment[LEWES_PAYMENT_BOUND_LEN])
{
    struct message example;
    struct lewes_pay_info info = {.unix_seconds = 1768392000};
    message_load(&example, "A.request.dvpn");
    memset(payment, 0, LEWES_PAYMENT_BOUND_LEN);
    memcpy(payment, example.bytes + PAYMENT_OFFSET, LEWES_PAYMENT_UNBOUND_LEN);
    memset(request, 0, sizeof *request);
    for (uint8_t i = 0; i < LEWES_KEY_LEN; i++) {
        request->wg_key.bytes[i] = i;
        info.random[i] = 0x11;
        info.gateway.bytes[i] = (uint8_t)(0x80 + i);
    }
    lewes_pay_info_encode(request->credential.pay_info, &info);
    request->credential.payment = payment;
    request->credential.payment_len = LEWES_PAYMENT_UNBOUND_LEN;
    request->credential.spend_date = (struct lewes_date){.year = 2026, .day = 14};
    request->credential.epoch = 1;
    request->ticket_type = LEWES_TICKET_WG_ENTRY;
    request->mode = LEWES_MODE_DVPN;
    request->client_ip = (struct lewes_ip){.family = 4, .bytes = {192, 0, 2, 1}};
    request->timestamp = 1768392000;
}

void message_tunnel(struct lewes_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->kind = LEWES_ANSWER_DVPN;
    memset(&answer->as.dvpn.gateway_key, 1, LEWES_KEY_LEN);
    answer->as.dvpn.endpoint =
        (struct lewes_endpoint){.ip = {.family = 4, .bytes = {198, 51, 100, 7}}, .port = 51822};
    memcpy(answer->as.dvpn.ipv4, (uint8_t[]){10, 1, 0, 42}, 4);
    memcpy(answer->as.dvpn.ipv6, (uint8_t[16]){0xfc, 1, [15] = 0x2a}, 16);
    answer->bandwidth = 500000000;
}
