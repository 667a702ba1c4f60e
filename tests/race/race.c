/* SPDX-License-Identifier: Apache-2.0 */
/* A race that the thread sanitizer has to notice: otherwise its silence about all else is worth
 * nothing. */
#include <pthread.h>
#include <stdio.h>

#define ROUNDS 100000

static unsigned counter;

static void *count(void *nothing)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        counter++;
    return nothing;
}

int main(void)
{
    pthread_t other;
    if (pthread_create(&other, NULL, count, NULL) != 0)
        return 1;
    count(NULL);
    if (pthread_join(other, NULL) != 0)
        return 1;
    printf("%u\n", counter);
    return 0;
}
