/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that change files fail, or are the last ones of their process. For tests that are linked
 * with --wrap for each of: openat64, write, fsync, renameat, unlinkat. */
#ifndef TESTS_SUPPORT_DISK_FAULTS_H
#define TESTS_SUPPORT_DISK_FAULTS_H

#define DISK_CALLS_CAP 64
#define DISK_DEATH 77 /* exit status of a process that came to its fault */

struct disk_faults {
    unsigned calls;             /* so far */
    unsigned fail_at;           /* this call fails, counted from 1; 0 = none */
    unsigned die_at;            /* before this call the process ends; a write has begun */
    char order[DISK_CALLS_CAP]; /* a letter each: o, w, s(ync), r, u */
};

extern struct disk_faults disk_faults;

#endif
