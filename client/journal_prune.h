/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEWES_CLIENT_JOURNAL_PRUNE_H
#define LEWES_CLIENT_JOURNAL_PRUNE_H

/* Removes entries of the journal's directory that have not changed for 30 days and that nobody has
 * open: a sent ticket is of use for a day, credit for a week. As well as it goes. */
void journal_prune(int dir);

/* Opens and locks a lock file of the directory. Returns its descriptor; -1 with errno, EBUSY if
 * somebody else has it. */
int journal_lock(int dir, const char *name);

#endif
