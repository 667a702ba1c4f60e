/* SPDX-License-Identifier: Apache-2.0 */
#include "client/standard_dirs.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *home(void)
{
    const char *path = getenv("HOME");
    if (path && path[0] == '/')
        return path;
    const struct passwd *user = getpwuid(getuid());
    return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

const char *standard_dir(char *out, size_t cap, const char *variable, const char *fallback,
                         const char *name)
{
    const char *base = getenv(variable), *own = home();
    int len = -1;
    if (base && base[0] == '/')
        len = snprintf(out, cap, "%s/%s", base, name);
    else if (own)
        len = snprintf(out, cap, "%s/%s/%s", own, fallback, name);
    return len > 0 && (size_t)len < cap ? out : NULL;
}
