/* SPDX-License-Identifier: Apache-2.0 */
/* The encoding of registration messages (registration.md 1, 2) on top of byte cursors. */
#ifndef LEWESI_REGISTRATION_CODEC_H
#define LEWESI_REGISTRATION_CODEC_H

#include <lewes/registration.h>

#include "lib/base/bytes.h"

/* Lengths, tags and variants have one spelling; the value of an integer may be longer than
 * necessary (R5). */
enum lewesi_spelling { LEWESI_SHORTEST, LEWESI_ANY };

/* Reads a varint of at most `max`; anything else fails the reader. */
uint64_t lewesi_read_varint(struct lewesi_reader *r, uint64_t max, enum lewesi_spelling spelling);
void lewesi_write_varint(struct lewesi_writer *w, uint64_t value);

uint64_t lewesi_zigzag(int64_t value);
int64_t lewesi_unzigzag(uint64_t value);

/* The end of an encoder: sets `*len`, or zeroes what was written and returns LEWES_ERROR_SPACE. */
LEWES_MUST_USE enum lewes_error lewesi_write_finish(struct lewesi_writer *w, size_t *len);

/* One raw byte, 00 or 01. */
bool lewesi_read_bool(struct lewesi_reader *r);

void lewesi_read_ip(struct lewesi_reader *r, struct lewes_ip *ip);
/* Fails the writer if the family is neither 4 nor 6. */
void lewesi_write_ip(struct lewesi_writer *w, const struct lewes_ip *ip);

/* Port 0 fails reader and writer. */
void lewesi_read_endpoint(struct lewesi_reader *r, struct lewes_endpoint *endpoint);
void lewesi_write_endpoint(struct lewesi_writer *w, const struct lewes_endpoint *endpoint);

/* The container of a payment (registration.md 4). What is read points into the reader's bytes; a
 * field without a sound value fails the reader. */
void lewesi_read_credential(struct lewesi_reader *r, struct lewes_credential *credential);
void lewesi_write_credential(struct lewesi_writer *w, const struct lewes_credential *credential);

/* 2020-2199, and a day that the year has (R6). */
bool lewesi_date_valid(struct lewes_date date);

#endif
