/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/bytes.h"

#include <string.h>

/* Arithmetic on NULL is undefined even when nothing is added. */
static const uint8_t empty[1];

void lewesi_reader_init(struct lewesi_reader *r, const uint8_t *data, size_t len)
{
    *r = (struct lewesi_reader){.data = data == NULL ? empty : data, .len = len};
}

size_t lewesi_reader_left(const struct lewesi_reader *r)
{
    return r->failed ? 0 : r->len - r->at;
}

bool lewesi_reader_done(const struct lewesi_reader *r)
{
    return !r->failed && r->at == r->len;
}

const uint8_t *lewesi_read_bytes(struct lewesi_reader *r, size_t len)
{
    const uint8_t *p;

    if (r->failed || len > r->len - r->at) {
        r->failed = true;
        return NULL;
    }
    p = r->data + r->at;
    r->at += len;
    return p;
}

void lewesi_read_copy(struct lewesi_reader *r, uint8_t *out, size_t len)
{
    const uint8_t *const p = lewesi_read_bytes(r, len);

    if (len == 0)
        return;
    if (p == NULL)
        memset(out, 0, len);
    else
        memcpy(out, p, len);
}

uint8_t lewesi_read_u8(struct lewesi_reader *r)
{
    const uint8_t *const p = lewesi_read_bytes(r, 1);

    return p == NULL ? 0 : p[0];
}

uint16_t lewesi_read_u16le(struct lewesi_reader *r)
{
    const uint8_t *const p = lewesi_read_bytes(r, 2);

    return p == NULL ? 0 : lewesi_load16le(p);
}

uint32_t lewesi_read_u32le(struct lewesi_reader *r)
{
    const uint8_t *const p = lewesi_read_bytes(r, 4);

    return p == NULL ? 0 : lewesi_load32le(p);
}

uint64_t lewesi_read_u64le(struct lewesi_reader *r)
{
    const uint8_t *const p = lewesi_read_bytes(r, 8);

    return p == NULL ? 0 : lewesi_load64le(p);
}

uint32_t lewesi_read_u32be(struct lewesi_reader *r)
{
    const uint8_t *const p = lewesi_read_bytes(r, 4);

    return p == NULL ? 0 : lewesi_load32be(p);
}

uint64_t lewesi_read_u64be(struct lewesi_reader *r)
{
    const uint8_t *const p = lewesi_read_bytes(r, 8);

    return p == NULL ? 0 : lewesi_load64be(p);
}

void lewesi_writer_init(struct lewesi_writer *w, uint8_t *data, size_t cap)
{
    *w = (struct lewesi_writer){.data = data, .cap = data == NULL ? 0 : cap};
}

uint8_t *lewesi_write_space(struct lewesi_writer *w, size_t len)
{
    uint8_t *p;

    if (w->failed || w->data == NULL || len > w->cap - w->at) {
        w->failed = w->failed || len > 0;
        return NULL;
    }
    p = w->data + w->at;
    w->at += len;
    return p;
}

void lewesi_write_copy(struct lewesi_writer *w, const uint8_t *data, size_t len)
{
    uint8_t *const p = lewesi_write_space(w, len);

    if (p != NULL && len > 0)
        memcpy(p, data, len);
}

void lewesi_write_zeros(struct lewesi_writer *w, size_t len)
{
    uint8_t *const p = lewesi_write_space(w, len);

    if (p != NULL)
        memset(p, 0, len);
}

void lewesi_write_u8(struct lewesi_writer *w, uint8_t v)
{
    uint8_t *const p = lewesi_write_space(w, 1);

    if (p != NULL)
        *p = v;
}

void lewesi_write_u16le(struct lewesi_writer *w, uint16_t v)
{
    uint8_t *const p = lewesi_write_space(w, 2);

    if (p != NULL)
        lewesi_store16le(p, v);
}

void lewesi_write_u32le(struct lewesi_writer *w, uint32_t v)
{
    uint8_t *const p = lewesi_write_space(w, 4);

    if (p != NULL)
        lewesi_store32le(p, v);
}

void lewesi_write_u64le(struct lewesi_writer *w, uint64_t v)
{
    uint8_t *const p = lewesi_write_space(w, 8);

    if (p != NULL)
        lewesi_store64le(p, v);
}

void lewesi_write_u32be(struct lewesi_writer *w, uint32_t v)
{
    uint8_t *const p = lewesi_write_space(w, 4);

    if (p != NULL)
        lewesi_store32be(p, v);
}

void lewesi_write_u64be(struct lewesi_writer *w, uint64_t v)
{
    uint8_t *const p = lewesi_write_space(w, 8);

    if (p != NULL)
        lewesi_store64be(p, v);
}

uint16_t lewesi_load16le(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t lewesi_load32le(const uint8_t *p)
{
    return lewesi_load16le(p) | (uint32_t)lewesi_load16le(p + 2) << 16;
}

uint64_t lewesi_load64le(const uint8_t *p)
{
    return lewesi_load32le(p) | (uint64_t)lewesi_load32le(p + 4) << 32;
}

uint32_t lewesi_load32be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint64_t lewesi_load64be(const uint8_t *p)
{
    return (uint64_t)lewesi_load32be(p) << 32 | lewesi_load32be(p + 4);
}

void lewesi_store16le(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

void lewesi_store32le(uint8_t *p, uint32_t v)
{
    lewesi_store16le(p, (uint16_t)v);
    lewesi_store16le(p + 2, (uint16_t)(v >> 16));
}

void lewesi_store64le(uint8_t *p, uint64_t v)
{
    lewesi_store32le(p, (uint32_t)v);
    lewesi_store32le(p + 4, (uint32_t)(v >> 32));
}

void lewesi_store32be(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

void lewesi_store64be(uint8_t *p, uint64_t v)
{
    lewesi_store32be(p, (uint32_t)(v >> 32));
    lewesi_store32be(p + 4, (uint32_t)v);
}
