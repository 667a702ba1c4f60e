/* SPDX-License-Identifier: Apache-2.0 */
/* Journal entries to put, and to compare. */
#ifndef TESTS_SUPPORT_JOURNAL_ENTRIES_H
#define TESTS_SUPPORT_JOURNAL_ENTRIES_H

#include "client/journal.h"

/* An entry with a sent coin and a result; every field differs for different numbers. */
void journal_entry_make(struct journal_entry *entry, uint8_t number);

bool journal_entry_is(const struct journal_entry *a, const struct journal_entry *b);

#endif
