/* SPDX-License-Identifier: Apache-2.0 */
#include <lewes/client.h>
#include <lewes/ticket.h>

#define MOCK_EPOCH 1 /* any will do: nobody looks it up */

static int pay_mock(void *user, const struct lewes_ticket_order *order, uint8_t *payment,
                    struct lewes_credential *credential)
{
    (void)user;
    lewes_payment_mock(payment, order->type);
    credential->payment_len = LEWES_PAYMENT_BOUND_LEN;
    lewes_pay_info_encode(credential->pay_info, &order->pay_info);
    credential->spend_date = lewes_date_of((uint64_t)order->pay_info.unix_seconds);
    credential->epoch = MOCK_EPOCH;
    return 0;
}

struct lewes_ticket_source lewes_ticket_source_mock(void)
{
    return (struct lewes_ticket_source){.pay = pay_mock};
}
