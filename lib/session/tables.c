/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/session/session_internal.h"

/* protocol.md 10.2 to 10.4: alike in both roles. */
// clang-format off
#define ESTABLISHED                                                                                \
    [LEWES_TRANSPORT] = {[LEWESI_DATA] = lewesi_on_data,                                           \
                         [LEWESI_SUBSESSION_KK1] = lewesi_on_kk1,                                  \
                         [LEWESI_SUBSESSION_ABORT] = lewesi_on_ignored},                           \
    [LEWES_REKEY_SENT] = {[LEWESI_DATA] = lewesi_on_data,                                          \
                          [LEWESI_SUBSESSION_KK1] = lewesi_on_kk1,                                 \
                          [LEWESI_SUBSESSION_KK2] = lewesi_on_kk2,                                 \
                          [LEWESI_SUBSESSION_ABORT] = lewesi_on_abort},                            \
    [LEWES_REKEY_ANSWERED] = {[LEWESI_DATA] = lewesi_on_data,                                      \
                              [LEWESI_SUBSESSION_READY] = lewesi_on_ready,                         \
                              [LEWESI_SUBSESSION_ABORT] = lewesi_on_ignored},                      \
    [LEWES_READ_ONLY] = {[LEWESI_DATA] = lewesi_on_data}
// clang-format on

lewesi_handler *const lewesi_handlers[2][LEWESI_STATES][LEWESI_TYPES] = {
    [LEWES_INITIATOR] = /* protocol.md 10.3 */
    {
        [LEWES_AWAIT_ACK] = {[LEWESI_ACK] = lewesi_on_ack,
                             [LEWESI_COLLISION] = lewesi_on_collision,
                             [LEWESI_BUSY] = lewesi_on_busy},
        [LEWES_AWAIT_KEY] = {[LEWESI_KKT_RESPONSE] = lewesi_on_kkt_response},
        [LEWES_AWAIT_HANDSHAKE2] = {[LEWESI_HANDSHAKE] = lewesi_on_handshake2},
        [LEWES_AWAIT_ESTABLISHED] = {[LEWESI_ACK] = lewesi_on_sealed_ack},
        ESTABLISHED,
    },
    [LEWES_RESPONDER] = /* protocol.md 10.2 */
    {
        [LEWES_AWAIT_REQUEST] = {[LEWESI_KKT_REQUEST] = lewesi_on_kkt_request},
        [LEWES_AWAIT_HANDSHAKE1] = {[LEWESI_HANDSHAKE] = lewesi_on_handshake1},
        [LEWES_AWAIT_HANDSHAKE3] = {[LEWESI_HANDSHAKE] = lewesi_on_handshake3},
        ESTABLISHED,
    },
};

lewesi_builder *const lewesi_builders[LEWESI_DUE_KINDS] = {
    [LEWESI_DUE_HELLO] = lewesi_build_hello,
    [LEWESI_DUE_KKT_REQUEST] = lewesi_build_kkt_request,
    [LEWESI_DUE_HANDSHAKE1] = lewesi_build_handshake1,
    [LEWESI_DUE_HANDSHAKE3] = lewesi_build_handshake3,
    [LEWESI_DUE_ACK] = lewesi_build_ack,
    [LEWESI_DUE_KKT_RESPONSE] = lewesi_build_kkt_response,
    [LEWESI_DUE_HANDSHAKE2] = lewesi_build_handshake2,
    [LEWESI_DUE_SEALED_ACK] = lewesi_build_sealed_ack,
    [LEWESI_DUE_KK1] = lewesi_build_kk,
    [LEWESI_DUE_KK2] = lewesi_build_kk,
    [LEWESI_DUE_READY] = lewesi_build_ready,
    [LEWESI_DUE_ABORT] = lewesi_build_abort,
};
