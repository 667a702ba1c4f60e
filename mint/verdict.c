/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "host/environment.h"
#include "mint/arguments.h"
#include "mint/mint.h"

int verdict_keys_open(struct verdict_keys *keys, const char *path)
{
    memset(keys, 0, sizeof *keys);
    host_environment(&keys->env);
    keys->file = malloc(sizeof *keys->file);
    if (keys->file == NULL || lewes_ecash_new(&keys->ecash, &keys->env)) {
        complain("no memory");
        return -1;
    }
    if (key_file_load(keys->file, path))
        return -1;
    for (size_t i = 0; i < keys->file->count; i++) {
        const struct key_epoch *const epoch = &keys->file->epochs[i];
        if (lewes_ecash_key_new(&keys->keys[i], &keys->env, keys->ecash, epoch->bytes,
                                epoch->len)) {
            complain("%s: epoch %llu has no verification key", path,
                     (unsigned long long)epoch->number);
            return -1;
        }
    }
    return 0;
}

void verdict_keys_close(struct verdict_keys *keys)
{
    for (size_t i = 0; keys->file != NULL && i < KEY_FILE_EPOCHS; i++)
        lewes_ecash_key_free(keys->keys[i]);
    lewes_ecash_free(keys->ecash);
    free(keys->file);
}

const char *verdict_name(enum lewes_error error)
{
    switch ((int)error) {
    case LEWES_ERROR_TICKET_VALUE:
        return "E_VALUE";
    case LEWES_ERROR_TICKET_SHAPE:
        return "E_SHAPE";
    case LEWES_ERROR_TICKET_TYPE:
        return "E_TYPE";
    case LEWES_ERROR_TICKET_UNBOUND:
        return "E_UNBOUND";
    case LEWES_ERROR_TICKET_POINT:
        return "E_IDENTITY";
    case LEWES_ERROR_TICKET_PROOF:
        return "E_PROOF";
    case LEWES_ERROR_TICKET_WALLET:
        return "E_WALLET_SIG";
    case LEWES_ERROR_TICKET_DATE:
        return "E_DATE_SIG";
    case LEWES_ERROR_TICKET_INDEX:
        return "E_INDEX_SIG";
    default:
        return "E_FORM";
    }
}

const char *verdict_of(const struct verdict_keys *keys, const struct verdict_question *question,
                       struct lewes_ticket *ticket)
{
    const struct lewes_ticket_claim claim = {.payment = question->payment,
                                             .len = question->len,
                                             .pay_info = question->pay_info,
                                             .day = question->day,
                                             .require_bound = !question->accept_unbound};
    const struct key_epoch *const epoch = key_file_find(keys->file, question->epoch);
    if (epoch == NULL || question->day < epoch->from || question->day > epoch->to)
        return "E_EPOCH";
    const enum lewes_error error =
        lewes_ticket_verify(keys->keys[epoch - keys->file->epochs], &claim, ticket);
    return error == LEWES_OK ? NULL : verdict_name(error);
}
