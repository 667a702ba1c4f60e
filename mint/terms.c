/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/terms.h"

#include <time.h>

#include "host/words.h"
#include "mint/issue.h"

#define TIME_MIN 1577836800U /* 2020-01-01 */
#define TIME_MAX 4291747199U /* the end of 2105 */

static bool is_time(uint64_t seconds)
{
    return seconds >= TIME_MIN && seconds <= TIME_MAX;
}

bool terms_time(const struct arguments *arguments, uint64_t *now)
{
    if (arguments->at == NULL) {
        *now = (uint64_t)time(NULL);
        if (is_time(*now))
            return true;
        complain("the clock is not set: it shows a time before 2020 or after 2105");
        return false;
    }
    if (number_read(now, arguments->at, TIME_MAX) && is_time(*now))
        return true;
    complain("--at takes Unix seconds of the years 2020 to 2105");
    return false;
}

bool terms_type(const struct arguments *arguments, enum lewes_ticket_type *type)
{
    if (!terms_given(arguments->type, "type"))
        return false;
    if (ticket_type_read(type, arguments->type))
        return true;
    complain("--type takes mixnet-entry, mixnet-exit, wg-entry or wg-exit, not '%.20s'",
             arguments->type);
    return false;
}

bool terms_expires(const struct arguments *arguments, uint64_t now, uint32_t *expires)
{
    *expires = issue_expiration(now);
    if (arguments->expires == NULL || date_read(expires, arguments->expires))
        return true;
    complain("--expires takes a date as 2026-12-31, not '%.20s'", arguments->expires);
    return false;
}

bool terms_given(const char *value, const char *name)
{
    if (value == NULL)
        complain("--%s is missing", name);
    return value != NULL;
}
