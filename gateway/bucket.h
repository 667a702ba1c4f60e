/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket in whole numbers. */
#ifndef LEWES_GATEWAY_BUCKET_H
#define LEWES_GATEWAY_BUCKET_H

#include <stdbool.h>

#include <lewes/base.h>

struct bucket_rate {
    uint32_t count;     /* tokens that come back in ... */
    uint32_t period_ms; /* ... this time; not 0 */
    uint32_t burst;     /* tokens of a full bucket */
};

/* All zeros is a bucket that has never been used, that is, a full one. */
struct bucket {
    uint64_t spent; /* tokens x period_ms that are missing */
    lewes_time at;  /* when `spent` was right */
};

/* Takes a token; false if there is none. */
bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, lewes_time now);

/* Tells whether nothing is missing: a full bucket may be forgotten. */
bool bucket_is_full(const struct bucket *bucket, const struct bucket_rate *rate, lewes_time now);

#endif
