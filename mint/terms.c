/* SPDX-License-Identifier: Apache-2.0 */
#include "mint/terms.h"

#include "mint/issue.h"
#include "mint/words.h"

bool terms_time(const struct arguments *arguments, uint64_t *now)
{
    if (time_read(now, arguments->at))
        return true;
    if (arguments->at != NULL)
        complain("--at takes Unix seconds of the years 2020 to 2105");
    else
        complain("the clock is not set: it shows a time before 2020 or after 2105");
    return false;
}

bool terms_type(const struct arguments *arguments, enum lewes_ticket_type *type)
{
    if (!terms_given(arguments->type, "type"))
        return false;
    if (type_read(type, arguments->type))
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
