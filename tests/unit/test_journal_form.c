/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of journal entries: what was written is read, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "client/journal_form.h"
#include "tests/support/journal_entries.h"

#define HEAD_LEN 16
#define CHECKSUM_LEN 8
#define VERSION_AT 8
#define ENUMS_AT (HEAD_LEN + 2 * LEWES_KEY_LEN)
#define PAYMENT_LEN_AT (ENUMS_AT + 4 + 16)

static const struct journal_key key = {.gateway = {{1, 2, 3}}, .key = {4, 5, 6}};

struct form {
    uint8_t bytes[JOURNAL_FORM_CAP + 1];
    size_t len;
};

static void write_entry(struct form *form, const struct journal_entry *entry)
{
    memset(form, 0, sizeof *form);
    form->len = journal_form_write(form->bytes, &key, entry);
    assert_in_range(form->len, HEAD_LEN + CHECKSUM_LEN, JOURNAL_FORM_CAP);
}

static enum journal_form_status read_form(struct form *form, struct journal_entry *entry)
{
    return journal_form_read(entry, &key, form->bytes, form->len);
}

/* As if a program had written this. */
static void seal(struct form *form)
{
    uint64_t crc = journal_checksum(form->bytes, form->len - CHECKSUM_LEN);
    for (size_t i = 0; i < CHECKSUM_LEN; i++)
        form->bytes[form->len - CHECKSUM_LEN + i] = (uint8_t)(crc >> (8 * i));
}

static void assert_damaged(struct form *form)
{
    struct journal_entry entry, before;
    memset(&entry, 0x5a, sizeof entry);
    memcpy(&before, &entry, sizeof entry);
    assert_int_equal(read_form(form, &entry), JOURNAL_FORM_DAMAGED);
    assert_memory_equal(&entry, &before, sizeof entry);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    for (uint8_t number = 0; number < 4; number++) {
        struct journal_entry entry, read;
        struct form form;
        journal_entry_make(&entry, number);
        write_entry(&form, &entry);
        assert_int_equal(read_form(&form, &read), JOURNAL_FORM_OK);
        assert_true(journal_entry_is(&entry, &read));
        assert_ptr_equal(read.credential.payment, read.payment);
    }
}

static void an_entry_without_anything_is_an_entry(void **state)
{
    struct journal_entry entry = {0}, read;
    struct form form;
    (void)state;
    write_entry(&form, &entry);
    assert_int_equal(read_form(&form, &read), JOURNAL_FORM_OK);
    assert_true(journal_entry_is(&entry, &read));
}

static void every_truncation_is_damage(void **state)
{
    struct journal_entry entry;
    struct form form;
    (void)state;
    journal_entry_make(&entry, 1);
    write_entry(&form, &entry);
    for (size_t len = form.len; len-- > 0;) {
        form.len = len;
        assert_damaged(&form);
        if (len < HEAD_LEN + CHECKSUM_LEN)
            continue;
        struct form sealed = form;
        seal(&sealed); /* the length in front still tells */
        assert_damaged(&sealed);
    }
}

static void a_byte_more_is_damage(void **state)
{
    struct journal_entry entry;
    struct form form;
    (void)state;
    journal_entry_make(&entry, 0);
    write_entry(&form, &entry);
    form.len++;
    assert_damaged(&form);
    seal(&form);
    assert_damaged(&form);
}

static void a_length_that_agrees_with_a_cut_body_does_not_help(void **state)
{
    struct journal_entry entry;
    struct form whole;
    (void)state;
    journal_entry_make(&entry, 1);
    write_entry(&whole, &entry);
    for (size_t len = HEAD_LEN + CHECKSUM_LEN; len <= whole.len + 1; len++) {
        struct form form = whole;
        size_t body = len - HEAD_LEN - CHECKSUM_LEN;
        if (len == whole.len)
            continue;
        form.len = len;
        form.bytes[12] = (uint8_t)body;
        form.bytes[13] = (uint8_t)(body >> 8);
        seal(&form);
        assert_damaged(&form);
    }
}

static void every_flipped_bit_is_damage(void **state)
{
    struct journal_entry entry;
    struct form form;
    (void)state;
    journal_entry_make(&entry, 1);
    write_entry(&form, &entry);
    for (size_t bit = 0; bit < 8 * form.len; bit++) {
        form.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_damaged(&form);
        form.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void values_out_of_range_are_damage(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {ENUMS_AT, 2},          /* hop */
        {ENUMS_AT + 1, 2},      /* mode */
        {ENUMS_AT + 2, 4},      /* ticket type */
        {ENUMS_AT + 3, 4},      /* state of the coin */
        {PAYMENT_LEN_AT, 0xff}, /* payment longer than any, and than the rest */
        {PAYMENT_LEN_AT + 1, 0xff},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct journal_entry entry;
        struct form form;
        journal_entry_make(&entry, 1);
        write_entry(&form, &entry);
        form.bytes[cases[i].at] = cases[i].value;
        seal(&form);
        assert_damaged(&form);
    }
}

static void the_entry_of_another_key_is_damage(void **state)
{
    struct journal_entry entry;
    struct form form;
    (void)state;
    journal_entry_make(&entry, 1);
    for (size_t at = HEAD_LEN; at < ENUMS_AT; at += LEWES_KEY_LEN) {
        write_entry(&form, &entry);
        form.bytes[at] ^= 1;
        seal(&form);
        assert_damaged(&form);
    }
}

static void a_later_version_is_told_apart(void **state)
{
    struct journal_entry entry, read;
    struct form form;
    (void)state;
    journal_entry_make(&entry, 1);
    write_entry(&form, &entry);
    form.bytes[VERSION_AT] = 2;
    seal(&form);
    assert_int_equal(read_form(&form, &read), JOURNAL_FORM_LATER);
}

static void refuse_entry(const struct journal_entry *entry)
{
    uint8_t bytes[JOURNAL_FORM_CAP];
    assert_int_equal(journal_form_write(bytes, &key, entry), 0);
}

static void entries_that_make_no_sense_are_not_written(void **state)
{
    struct journal_entry good, bad;
    (void)state;
    journal_entry_make(&good, 1);
    bad = good;
    bad.credential.payment_len = 0; /* sent, and nothing to send again */
    refuse_entry(&bad);
    bad = good;
    bad.credential.payment_len = LEWES_PAYMENT_BOUND_LEN + 1;
    refuse_entry(&bad);
    bad = good;
    bad.bandwidth = -1;
    refuse_entry(&bad);
    bad = good;
    bad.tunnel.endpoint.port = 0;
    refuse_entry(&bad);
    bad = good;
    bad.tunnel.endpoint.ip.family = 5;
    refuse_entry(&bad);
    bad = good;
    /* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is the point */
    bad.coin = (enum journal_coin)4;
    refuse_entry(&bad);
}

static void the_checksum_is_the_one_of_xz(void **state)
{
    (void)state;
    /* "check" of CRC-64/XZ in the catalogue of parametrised CRC algorithms */
    assert_true(journal_checksum((const uint8_t *)"123456789", 9) == UINT64_C(0x995dc9bbdf1939fa));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(an_entry_without_anything_is_an_entry),
        cmocka_unit_test(every_truncation_is_damage),
        cmocka_unit_test(a_byte_more_is_damage),
        cmocka_unit_test(a_length_that_agrees_with_a_cut_body_does_not_help),
        cmocka_unit_test(every_flipped_bit_is_damage),
        cmocka_unit_test(values_out_of_range_are_damage),
        cmocka_unit_test(the_entry_of_another_key_is_damage),
        cmocka_unit_test(a_later_version_is_told_apart),
        cmocka_unit_test(entries_that_make_no_sense_are_not_written),
        cmocka_unit_test(the_checksum_is_the_one_of_xz),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
