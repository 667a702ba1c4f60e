/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/end.h"

#include <stddef.h>

static const char *const names[ENDS] = {
    [END_CLOSED] = "closed",   [END_IDLE] = "idle",           [END_FIRST_BYTE] = "first_byte",
    [END_MESSAGE] = "message", [END_HANDSHAKE] = "handshake", [END_LIFETIME] = "lifetime",
    [END_FRAMING] = "framing", [END_PARSE] = "parse",         [END_AUTH] = "auth",
    [END_REPLAY] = "replay",   [END_INDEX] = "index",         [END_KKT] = "kkt",
    [END_PSQ] = "psq",         [END_NOISE] = "noise",         [END_REFUSED] = "refused",
    [END_IO] = "io",           [END_BUSY] = "busy",           [END_SHUTDOWN] = "shutdown",
};

static const struct {
    enum lewes_error error;
    enum end end;
} ends[] = {
    {LEWES_ERROR_LENGTH, END_PARSE},      {LEWES_ERROR_FORMAT, END_PARSE},
    {LEWES_ERROR_TYPE, END_PARSE},        {LEWES_ERROR_STATE, END_PARSE},
    {LEWES_ERROR_INDEX, END_INDEX},       {LEWES_ERROR_AUTH, END_AUTH},
    {LEWES_ERROR_REPLAY, END_REPLAY},     {LEWES_ERROR_KKT, END_KKT},
    {LEWES_ERROR_KKT_STATUS, END_KKT},    {LEWES_ERROR_KKT_KEY, END_KKT},
    {LEWES_ERROR_SUITE, END_KKT},         {LEWES_ERROR_GIVE_UP, END_KKT},
    {LEWES_ERROR_PSQ, END_PSQ},           {LEWES_ERROR_NOISE, END_NOISE},
    {LEWES_ERROR_PEER, END_NOISE},        {LEWES_ERROR_IDENTITY, END_NOISE},
    {LEWES_ERROR_CLOCK, END_REFUSED},     {LEWES_ERROR_KEY, END_REFUSED},
    {LEWES_ERROR_TIMEOUT, END_HANDSHAKE},
};

const char *end_name(enum end end)
{
    return names[end];
}

enum end end_of_error(enum lewes_error error)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends[i].error == error)
            return ends[i].end;
    return END_IO;
}
