/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/bucket.h"

static uint64_t missing(const struct bucket *bucket, const struct bucket_rate *rate, lewes_time now)
{
    uint64_t elapsed = now > bucket->at ? now - bucket->at : 0;
    if (bucket->spent == 0)
        return 0;
    if (rate->count != 0 && elapsed >= bucket->spent / rate->count + 1)
        return 0;
    return bucket->spent - elapsed * rate->count;
}

bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, lewes_time now)
{
    uint64_t full = (uint64_t)rate->burst * rate->period_ms;
    uint64_t spent = missing(bucket, rate, now);
    if (spent + rate->period_ms > full)
        return false;
    bucket->spent = spent + rate->period_ms;
    bucket->at = now;
    return true;
}

bool bucket_is_full(const struct bucket *bucket, const struct bucket_rate *rate, lewes_time now)
{
    return missing(bucket, rate, now) == 0;
}
