/* SPDX-License-Identifier: Apache-2.0 */
/* Replays recorded sessions of the original through the public calls, each role by a deterministic
 * twin of its own, and compares every byte (protocol.md 18.12). The format of a transcript is
 * described in tests/vectors/lp/README.md. */
#ifndef TESTS_SUPPORT_TRANSCRIPT_H
#define TESTS_SUPPORT_TRANSCRIPT_H

#include <stdio.h>

#include <jansson.h>

struct transcript_result {
    unsigned equal;       /* replays of one session in one role that gave the same bytes */
    unsigned different;   /* … that did not, and transcripts that cannot be read */
    unsigned unsupported; /* sessions that were not replayed */
};

/* Replays every session of one transcript in both roles and prints a line for each to `report`,
 * which may be NULL. Adds to `result`. */
void transcript_replay(const json_t *transcript, FILE *report, struct transcript_result *result);

#endif
