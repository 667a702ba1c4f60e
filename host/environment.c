/* SPDX-License-Identifier: Apache-2.0 */
#include "host/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void *allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static int draw(void *user, uint8_t *out, size_t len)
{
    (void)user;
    while (len > 0) {
        const ssize_t got = getrandom(out, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        out += got;
        len -= (size_t)got;
    }
    return 0;
}

void host_environment(struct lewes_env *env)
{
    *env = (struct lewes_env){.allocate = allocate, .release = release, .random = draw};
}
