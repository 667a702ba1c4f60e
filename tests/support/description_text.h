/* SPDX-License-Identifier: Apache-2.0 */
/* Self-descriptions made by hand from gateway.md 13, with anything in them and a good signature. */
#ifndef TESTS_SUPPORT_DESCRIPTION_TEXT_H
#define TESTS_SUPPORT_DESCRIPTION_TEXT_H

#include <jansson.h>

#include <lewes/description.h>

/* An identity of seed `fill`…`fill` that answers all suites; NULL never. */
struct lewes_identity *description_identity(uint8_t fill);

/* The inner text that gateway.md G13.2 asks of `identity`, as an object to change. */
json_t *description_inner(const struct lewes_identity *identity);

/* The outer object around `inner`, signed by `identity`. */
json_t *description_outer(const struct lewes_identity *identity, const char *inner);

/* What lewes_description_read() says of an outer object, or of an inner one signed by `identity`;
 * both are read as texts of their exact length. What a refusal must leave alone is asserted. */
enum lewes_description_status description_try(const json_t *outer,
                                              const struct lewes_ed25519_public *gateway,
                                              struct lewes_description *found);
enum lewes_description_status description_try_inner(const json_t *inner,
                                                    const struct lewes_identity *identity,
                                                    struct lewes_description *found);
enum lewes_description_status description_try_text(const char *text, size_t len,
                                                   const struct lewes_ed25519_public *gateway,
                                                   struct lewes_description *found);

#endif
