/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session under attack by a peer that owns all of its own keys. The input is a program: deliver
 * the peer's next packet as it is, spoil it outside or inside of the outer encryption, repeat,
 * reflect or invent packets, let time pass, send, rekey. After every step the promises of
 * protocol.md 10 are checked.
 */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include <lewes/session.h>

/* Runs one program against a session in the role `target`. */
int fuzz_session(const uint8_t *data, size_t size, enum lewes_role target);

#endif
