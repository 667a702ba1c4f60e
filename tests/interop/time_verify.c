/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our side of tests/interop/run --bench, with the arguments that the other side takes:
 *
 * time_verify VK DAY PAY_INFO PAYMENT N   prints "valid", or "refused", and milliseconds of
 *                                         processor time for each of N checks
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <lewes/client.h>
#include <lewes/mint.h>

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "time_verify: %s\n", what);
    exit(2);
}

static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    fail("the arguments");
}

static size_t from_hex(uint8_t *out, size_t cap, const char *text)
{
    size_t len = 0;
    for (; len < cap && text[2 * len] != 0; len++)
        out[len] = (uint8_t)(digit(text[2 * len]) << 4 | digit(text[2 * len + 1]));
    if (text[2 * len] != 0)
        fail("an argument is too long");
    return len;
}

static double cpu_ms(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        fail("the clock");
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[LEWES_MINT_KEY_MAX], pay_info[LEWES_PAY_INFO_LEN];
    static uint8_t payment[LEWES_PAYMENT_BOUND_LEN];
    struct lewes_env env;
    struct lewes_ecash *ecash = NULL;
    struct lewes_ecash_key *key = NULL;
    struct lewes_ticket ticket;
    if (argc != 6)
        fail("the arguments");
    const size_t len = from_hex(bytes, sizeof bytes, argv[1]);
    const unsigned long count = strtoul(argv[5], NULL, 10);
    if (from_hex(pay_info, sizeof pay_info, argv[3]) != sizeof pay_info)
        fail("pay_info");
    const struct lewes_ticket_claim claim = {.payment = payment,
                                             .len = from_hex(payment, sizeof payment, argv[4]),
                                             .pay_info = pay_info,
                                             .day = (uint32_t)strtoul(argv[2], NULL, 10)};
    lewes_env_system(&env);
    if (lewes_ecash_new(&ecash, &env) != LEWES_OK ||
        lewes_ecash_key_new(&key, &env, ecash, bytes, len) != LEWES_OK)
        fail("the key");
    puts(lewes_ticket_verify(key, &claim, &ticket) == LEWES_OK ? "valid" : "refused");
    const double start = cpu_ms();
    for (unsigned long i = 0; i < count; i++)
        (void)!lewes_ticket_verify(key, &claim, &ticket);
    if (count > 0)
        printf("%.3f\n", (cpu_ms() - start) / (double)count);
    lewes_ecash_key_free(key);
    lewes_ecash_free(ecash);
    return 0;
}
