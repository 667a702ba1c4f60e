/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over byte strings, with a sticky error: read or write everything, ask once. */
#ifndef LEWESI_BASE_BYTES_H
#define LEWESI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lewesi_span {
    const uint8_t *data;
    size_t len;
};

/* Reads return zeros, NULL or zeroed copies once `failed` is set. */
struct lewesi_reader {
    const uint8_t *data;
    size_t len;
    size_t at;
    bool failed;
};

/* Writes do nothing once `failed` is set; `at` is the number of bytes written. */
struct lewesi_writer {
    uint8_t *data;
    size_t cap;
    size_t at;
    bool failed;
};

void lewesi_reader_init(struct lewesi_reader *r, const uint8_t *data, size_t len);
size_t lewesi_reader_left(const struct lewesi_reader *r);
bool lewesi_reader_done(const struct lewesi_reader *r); /* not failed and nothing left */
const uint8_t *lewesi_read_bytes(struct lewesi_reader *r, size_t len); /* into the input, or NULL */
void lewesi_read_copy(struct lewesi_reader *r, uint8_t *out, size_t len);
uint8_t lewesi_read_u8(struct lewesi_reader *r);
uint16_t lewesi_read_u16le(struct lewesi_reader *r);
uint32_t lewesi_read_u32le(struct lewesi_reader *r);
uint64_t lewesi_read_u64le(struct lewesi_reader *r);
uint32_t lewesi_read_u32be(struct lewesi_reader *r);
uint64_t lewesi_read_u64be(struct lewesi_reader *r);

void lewesi_writer_init(struct lewesi_writer *w, uint8_t *data, size_t cap);
uint8_t *lewesi_write_space(struct lewesi_writer *w, size_t len); /* reserves, or NULL */
void lewesi_write_copy(struct lewesi_writer *w, const uint8_t *data, size_t len);
void lewesi_write_zeros(struct lewesi_writer *w, size_t len);
void lewesi_write_u8(struct lewesi_writer *w, uint8_t v);
void lewesi_write_u16le(struct lewesi_writer *w, uint16_t v);
void lewesi_write_u32le(struct lewesi_writer *w, uint32_t v);
void lewesi_write_u64le(struct lewesi_writer *w, uint64_t v);
void lewesi_write_u32be(struct lewesi_writer *w, uint32_t v);
void lewesi_write_u64be(struct lewesi_writer *w, uint64_t v);

/* The same on bare memory. */
uint16_t lewesi_load16le(const uint8_t *p);
uint32_t lewesi_load32le(const uint8_t *p);
uint64_t lewesi_load64le(const uint8_t *p);
uint32_t lewesi_load32be(const uint8_t *p);
uint64_t lewesi_load64be(const uint8_t *p);
void lewesi_store16le(uint8_t *p, uint16_t v);
void lewesi_store32le(uint8_t *p, uint32_t v);
void lewesi_store64le(uint8_t *p, uint64_t v);
void lewesi_store32be(uint8_t *p, uint32_t v);
void lewesi_store64be(uint8_t *p, uint64_t v);

#endif
