/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "host/words.h"
#include "mint/container.h"
#include "mint/file_io.h"
#include "mint/mint.h"
#include "mint/terms.h"
#include "mint/verdict.h"

/* Steps 2 to 4 of ecash.md 6; NULL if they pass. */
static const char *check_claims(const struct arguments *arguments, uint64_t now,
                                const struct lewes_credential *credential)
{
    enum lewes_ticket_type type;
    struct lewes_payment_view view;
    struct lewes_pay_info info;
    struct lewes_ed25519_public payee;
    const enum lewes_error error =
        lewes_payment_peek(&view, credential->payment, credential->payment_len);
    if (error)
        return verdict_name(error);
    if (arguments->type != NULL && ticket_type_read(&type, arguments->type) && type != view.type)
        return "E_TYPE";
    lewes_pay_info_decode(&info, credential->pay_info);
    if (arguments->payee != NULL &&
        (lewes_base58_decode(payee.bytes, arguments->payee, strlen(arguments->payee)) ||
         memcmp(payee.bytes, info.gateway.bytes, sizeof payee.bytes) != 0))
        return "E_PAYEE";
    if (info.unix_seconds < (int64_t)now - VERDICT_TOLERANCE ||
        info.unix_seconds > (int64_t)now + VERDICT_TOLERANCE)
        return "E_STALE";
    const uint32_t day = container_day(credential);
    return day == day_of(now - VERDICT_TOLERANCE) || day == day_of(now + VERDICT_TOLERANCE)
               ? NULL
               : "E_DATE";
}

static const char *verify(const struct arguments *arguments, const struct verdict_keys *keys,
                          uint64_t now, const struct lewes_credential *credential)
{
    const struct verdict_question question = {.payment = credential->payment,
                                              .len = credential->payment_len,
                                              .pay_info = credential->pay_info,
                                              .epoch = credential->epoch,
                                              .day = container_day(credential),
                                              .accept_unbound = arguments->accept_unbound};
    struct lewes_ticket ticket;
    const char *verdict = check_claims(arguments, now, credential);
    if (verdict == NULL)
        verdict = verdict_of(keys, &question, &ticket);
    return verdict;
}

int command_verify(const struct arguments *arguments)
{
    uint8_t bytes[CONTAINER_CAP];
    char path[MINT_PATH_CAP];
    struct lewes_credential credential;
    struct verdict_keys keys;
    enum lewes_ticket_type type;
    uint64_t now;
    int code = EXIT_LOCAL;
    if ((arguments->type != NULL && !terms_type(arguments, &type)) || !terms_time(arguments, &now))
        return EXIT_USAGE;
    const ssize_t len = input_read(arguments->operands[0], false, bytes, sizeof bytes);
    mint_path(path, arguments->dir, MINT_EPOCHS);
    if (len < 0)
        return EXIT_LOCAL;
    if (verdict_keys_open(&keys, arguments->key != NULL ? arguments->key : path) == 0) {
        const enum lewes_error error = container_read(&credential, bytes, (size_t)len);
        const char *const verdict =
            error ? verdict_name(error) : verify(arguments, &keys, now, &credential);
        puts(verdict != NULL ? verdict : "valid");
        code = verdict != NULL ? EXIT_REFUSED : EXIT_DONE;
        if (fflush(stdout))
            code = EXIT_LOCAL;
    }
    verdict_keys_close(&keys);
    return code;
}
