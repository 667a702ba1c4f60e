/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/registration/codec.h"

#define SECONDS_PER_DAY 86400
#define YEAR_MIN 2020 /* registration.md R6 */
#define YEAR_MAX 2199

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of(unsigned year)
{
    return is_leap(year) ? 366 : 365;
}

struct lewes_date lewes_date_of(uint64_t unix_seconds)
{
    uint64_t days = unix_seconds / SECONDS_PER_DAY;
    unsigned year = 1970;
    /* Bounded: later than any date that has an encoding is all the same. */
    while (year <= YEAR_MAX && days >= days_of(year))
        days -= days_of(year++);
    if (days >= days_of(year))
        days = 0;
    return (struct lewes_date){.year = (uint16_t)year, .day = (uint16_t)(days + 1)};
}

bool lewesi_date_valid(struct lewes_date date)
{
    return date.year >= YEAR_MIN && date.year <= YEAR_MAX && date.day >= 1 &&
           date.day <= days_of(date.year);
}
