/* SPDX-License-Identifier: Apache-2.0 */
#include <lewes/client.h>
#include <lewes/ticket.h>

#define MOCK_EPOCH 1 /* any will do: nobody looks it up */

static int reserve_mock(void *user, enum lewes_ticket_type type, uint64_t *coin)
{
    (void)user;
    *coin = (uint64_t)type;
    return 0;
}

static int pay_mock(void *user, uint64_t coin, const struct lewes_ticket_order *order,
                    uint8_t *payment, struct lewes_credential *credential)
{
    (void)user, (void)coin;
    lewes_payment_mock(payment, order->type);
    credential->payment_len = LEWES_PAYMENT_BOUND_LEN;
    lewes_pay_info_encode(credential->pay_info, &order->pay_info);
    credential->spend_date = lewes_date_of((uint64_t)order->pay_info.unix_seconds);
    credential->epoch = MOCK_EPOCH;
    return 0;
}

static int settle_mock(void *user, uint64_t coin, enum lewes_coin_state state)
{
    (void)user, (void)coin, (void)state;
    return 0;
}

struct lewes_ticket_source lewes_ticket_source_mock(void)
{
    return (struct lewes_ticket_source){
        .reserve = reserve_mock, .pay = pay_mock, .settle = settle_mock};
}
