/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <jansson.h>

#include "host/words.h"
#include "mint/settlement.h"

static bool read_bytes(const json_t *object, const char *name, uint8_t *out, size_t len)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text != NULL && hex_read(out, len, text) == (ssize_t)len;
}

static bool read_number(const json_t *object, const char *name, uint64_t most, uint64_t *out)
{
    const json_t *const value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_payment(const json_t *object, struct export_line *line)
{
    const char *const text = json_string_value(json_object_get(object, "payment"));
    const ssize_t len = text != NULL ? hex_read(line->payment, sizeof line->payment, text) : -1;
    line->payment_len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

static const char *read_fields(const json_t *object, struct export_line *line)
{
    uint64_t type, day;
    if (!json_is_object(object))
        return "not an object";
    if (!read_bytes(object, "serial", line->serial, sizeof line->serial) ||
        !read_bytes(object, "tag", line->tag, sizeof line->tag) ||
        !read_bytes(object, "pay_info", line->pay_info, sizeof line->pay_info) ||
        !read_bytes(object, "payee", line->payee, sizeof line->payee) ||
        !read_payment(object, line))
        return "a field is not hexadecimal, or of another length";
    if (!read_number(object, "epoch", INT64_MAX, &line->epoch) ||
        !read_number(object, "type", LEWES_TICKET_WG_EXIT, &type) ||
        !read_number(object, "spend_date", UINT32_MAX, &day) || day % LEWES_DAY != 0)
        return "a field is not a number, or out of its range";
    line->type = (enum lewes_ticket_type)type;
    line->day = (uint32_t)day;
    return NULL;
}

/* What stands beside the payment must be what stands in it. */
static const char *compare(const struct export_line *line)
{
    struct lewes_payment_view view;
    struct lewes_pay_info info;
    if (lewes_payment_peek(&view, line->payment, line->payment_len))
        return "not a payment";
    lewes_pay_info_decode(&info, line->pay_info);
    if (memcmp(view.serial, line->serial, sizeof view.serial) != 0 ||
        memcmp(view.tag, line->tag, sizeof view.tag) != 0 || view.type != line->type ||
        memcmp(info.gateway.bytes, line->payee, sizeof line->payee) != 0)
        return "serial, tag, type or payee is another than in the payment";
    return NULL;
}

const char *export_line_read(struct export_line *line, const char *text, size_t len)
{
    json_error_t error;
    json_t *const object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return "not JSON";
    const char *wrong = read_fields(object, line);
    json_decref(object);
    return wrong != NULL ? wrong : compare(line);
}
