/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets as their users and their issuer see them (ecash.md 2 to 5): keys of an authority, public
 * signatures, withdrawal of a book, payments. A gateway needs none of it.
 *
 * A user withdraws a book: request -> issue (at the authority) -> finish; then spends its tickets,
 * each once. Secrets are in structures that the caller wipes (lewes_wipe).
 */
#ifndef LEWES_MINT_H
#define LEWES_MINT_H

#include <stdbool.h>

#include <lewes/base.h>
#include <lewes/registration.h>
#include <lewes/ticket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LEWES_BOOK_TICKETS 50         /* ecash.md, head */
#define LEWES_BOOK_DAYS 7             /* ecash.md, head */
#define LEWES_DAY 86400               /* seconds */
#define LEWES_MINT_ELEMENTS_MIN 4     /* ecash.md E6 */
#define LEWES_MINT_ELEMENTS_MAX 8     /* ecash.md E6 */
#define LEWES_MINT_ELEMENTS 5         /* ecash.md 10, default */
#define LEWES_MINT_SECRET_MAX 296     /* ecash.md E5: 40 + 32 for each element */
#define LEWES_MINT_KEY_MAX 1256       /* ecash.md E5: 104 + 144 for each element */
#define LEWES_TICKET_SIGNATURE_LEN 96 /* ecash.md 2: h, s */
#define LEWES_WITHDRAWAL_LEN 397      /* ecash.md 4 */
#define LEWES_WALLET_LEN 133          /* ecash.md 4 */

/* ---- authority ---- */

struct lewes_mint_secret {
    unsigned elements;
    uint8_t x[32];
    uint8_t y[LEWES_MINT_ELEMENTS_MAX][32];
};

/*
 * Draws the secret key of an authority.
 *
 * @param[out] secret  zeroed on error
 * @param elements     LEWES_MINT_ELEMENTS_MIN to LEWES_MINT_ELEMENTS_MAX
 * @retval LEWES_ERROR_ARGUMENT  another number of elements
 * @retval LEWES_ERROR_RANDOM    no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_mint_generate(struct lewes_mint_secret *secret,
                                                              unsigned elements,
                                                              const struct lewes_env *env);

/* Writes the secret key (E5) into LEWES_MINT_SECRET_MAX bytes; returns the length. */
LEWES_API size_t lewes_mint_secret_write(uint8_t out[LEWES_MINT_SECRET_MAX],
                                         const struct lewes_mint_secret *secret);

/*
 * Reads a secret key.
 *
 * @param[out] secret  zeroed on error
 * @retval LEWES_ERROR_KEY  not one: length, number of elements, a scalar that is zero or too large
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_mint_secret_read(struct lewes_mint_secret *secret,
                                                                 const uint8_t *bytes, size_t len);

/* Writes the verification key (E5) of a secret that was generated or read; returns the length. */
LEWES_API size_t lewes_mint_key_write(uint8_t out[LEWES_MINT_KEY_MAX],
                                      const struct lewes_mint_secret *secret);

/* ---- public signatures (ecash.md 3) ---- */

/*
 * Signs the seven spend dates of books that expire on `expiration` (E10).
 *
 * @param[out] out    in order of the dates, the last is `expiration` itself; untouched on error
 * @param expiration  Unix seconds of 00:00 UTC
 * @retval LEWES_ERROR_KEY  not the secret of an authority
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_mint_sign_dates(uint8_t out[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN],
                      const struct lewes_mint_secret *secret, uint32_t expiration);

/*
 * Signs the fifty coin indices (E11).
 *
 * @param[out] out  untouched on error
 * @param key       the verification key, `len` bytes
 * @retval LEWES_ERROR_KEY  not the secret of an authority, or the key is too long
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_mint_sign_coins(uint8_t out[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN],
                      const struct lewes_mint_secret *secret, const uint8_t *key, size_t len);

/* Checks them once on receipt (E12); they stand one after the other, LEWES_BOOK_DAYS and
 * LEWES_BOOK_TICKETS. LEWES_ERROR_AUTH: one is not what it should be. */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_dates_check(const struct lewes_ecash_key *key,
                                                            uint32_t expiration,
                                                            const uint8_t *signatures);
LEWES_API LEWES_MUST_USE enum lewes_error lewes_coins_check(const struct lewes_ecash_key *key,
                                                            const uint8_t *signatures);

/* ---- users, withdrawal (ecash.md 4) ---- */

struct lewes_user_secret {
    uint8_t bytes[32];
};

/* Draws the secret key of a user, not zero. LEWES_ERROR_RANDOM: zeroed. */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_user_generate(struct lewes_user_secret *secret,
                                                              const struct lewes_env *env);
/* Computes the public key (E8). LEWES_ERROR_KEY: the secret is zero or too large. */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_user_public(uint8_t out[LEWES_USER_KEY_LEN],
                                                            const struct lewes_user_secret *secret);

/* What a book is about. */
struct lewes_book_terms {
    enum lewes_ticket_type type;
    uint32_t expiration; /* last spend date: Unix seconds of 00:00 UTC */
};

/* What the user keeps until the answer comes. */
struct lewes_withdrawal {
    struct lewes_user_secret user;
    struct lewes_book_terms terms;
    uint8_t h[48]; /* of the request */
    uint8_t v[32], o0[32], o1[32];
};

/* A book's signature: with the user's secret, everything that a payment needs. */
struct lewes_wallet {
    struct lewes_user_secret user;
    struct lewes_book_terms terms;
    uint8_t signature[LEWES_TICKET_SIGNATURE_LEN];
    uint8_t v[32];
};

/*
 * Makes a withdrawal request (E13).
 *
 * @param[out] request     zeroed on error
 * @param[out] withdrawal  secret; zeroed on error
 * @retval LEWES_ERROR_ARGUMENT  no such type, or an expiration that is not a day
 * @retval LEWES_ERROR_KEY       the user's secret is zero or too large
 * @retval LEWES_ERROR_RANDOM    no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_withdrawal_request(uint8_t request[LEWES_WITHDRAWAL_LEN], struct lewes_withdrawal *withdrawal,
                         const struct lewes_ecash *ecash, const struct lewes_user_secret *user,
                         const struct lewes_book_terms *terms, const struct lewes_env *env);

/* Who asks for what; it comes with a request, and the request proves it. */
struct lewes_withdrawal_claim {
    uint8_t user[LEWES_USER_KEY_LEN];
    struct lewes_book_terms terms;
};

/*
 * Signs a book blindly (E14). Whether this user may have it is the caller's to know.
 *
 * @param[out] blind  untouched on error
 * @param request     `len` bytes
 * @retval LEWES_ERROR_FORMAT    not a request
 * @retval LEWES_ERROR_KEY       the public key is no point, or infinity
 * @retval LEWES_ERROR_ARGUMENT  no such type, or an expiration that is not a day
 * @retval LEWES_ERROR_AUTH      the proof does not hold, or is for other terms or another user
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_withdrawal_issue(uint8_t blind[LEWES_TICKET_SIGNATURE_LEN], const struct lewes_ecash *ecash,
                       const struct lewes_mint_secret *secret, const uint8_t *request, size_t len,
                       const struct lewes_withdrawal_claim *claim);

/*
 * Opens the blind signature and checks it (E15).
 *
 * @param[out] wallet  secret; zeroed on error
 * @retval LEWES_ERROR_AUTH  not a signature of this authority on this book
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_withdrawal_finish(struct lewes_wallet *wallet, const struct lewes_ecash_key *key,
                        const struct lewes_withdrawal *withdrawal,
                        const uint8_t blind[LEWES_TICKET_SIGNATURE_LEN]);

/* ---- payment (ecash.md 5) ---- */

struct lewes_spending {
    const struct lewes_wallet *wallet;
    unsigned coin;                  /* 0 to LEWES_BOOK_TICKETS - 1 */
    uint32_t day;                   /* spend date: Unix seconds of 00:00 UTC */
    const uint8_t *date_signature;  /* of that day; LEWES_TICKET_SIGNATURE_LEN bytes */
    const uint8_t *index_signature; /* of that coin */
    const uint8_t *pay_info;        /* LEWES_PAY_INFO_LEN bytes */
    bool unbound; /* leave out the proof of the coin's index, as older clients do; for tests */
};

/*
 * Makes a payment (E17). Two payments from one coin with different pay_info name their spender
 * (E25): the caller sees to it that there is never a second.
 *
 * @param[out] payment  zeroed on error
 * @param[out] len      LEWES_PAYMENT_BOUND_LEN, or LEWES_PAYMENT_UNBOUND_LEN; 0 on error
 * @retval LEWES_ERROR_ARGUMENT  no such coin, or a day outside of the book
 * @retval LEWES_ERROR_KEY       the wallet or a signature is damaged
 * @retval LEWES_ERROR_RANDOM    no randomness
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_ticket_spend(uint8_t payment[LEWES_PAYMENT_BOUND_LEN], size_t *len,
                   const struct lewes_ecash_key *key, const struct lewes_spending *spending,
                   const struct lewes_env *env);

/* ---- books (ecash.md 10) ---- */

#define LEWES_BOOK_MIN 6373 /* bytes of a book file, 5 693 and the verification key */
#define LEWES_BOOK_MAX 6949

/* A book as it lies in a file: what `lewes-mint` issues and `lewes` pays from. Secret. */
struct lewes_book {
    uint64_t epoch;
    size_t key_len;
    uint8_t key[LEWES_MINT_KEY_MAX]; /* verification key of the epoch */
    struct lewes_wallet wallet;
    uint8_t dates[LEWES_BOOK_DAYS][LEWES_TICKET_SIGNATURE_LEN];
    uint8_t coins[LEWES_BOOK_TICKETS][LEWES_TICKET_SIGNATURE_LEN];
    bool used[LEWES_BOOK_TICKETS]; /* has been taken for a payment, whatever became of it */
};

/*
 * Writes a book with its checksum.
 *
 * @param[out] out  secret; room for `cap` bytes, LEWES_BOOK_MAX is enough; untouched on error
 * @param[out] len  bytes written; 0 on error
 * @retval LEWES_ERROR_SPACE     `cap` too small
 * @retval LEWES_ERROR_ARGUMENT  a key length that no verification key has
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_book_write(uint8_t *out, size_t cap, size_t *len,
                                                           const struct lewes_book *book);

/*
 * Reads a book: its form and its checksum. lewes_book_check() tells whether it is good for
 * anything.
 *
 * @param[out] book  zeroed on error
 * @param bytes      exactly one book of `len` bytes
 * @retval LEWES_ERROR_FORMAT  not a book, of a newer version, cut short, or damaged
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_book_read(struct lewes_book *book,
                                                          const uint8_t *bytes, size_t len);

/*
 * Checks every signature of a book, once on receipt (E12, E15). Takes about a tenth of a second.
 *
 * @param key  made from the book's own key, which must be that of an authority that is trusted
 * @retval LEWES_ERROR_AUTH  a signature does not hold, so its tickets would be refused
 */
LEWES_API LEWES_MUST_USE enum lewes_error lewes_book_check(const struct lewes_ecash_key *key,
                                                           const struct lewes_book *book);

/*
 * Prepares the payment from one coin of a book.
 *
 * @param[out] spending  points into `book`; untouched on error
 * @param day            spend date: Unix seconds of 00:00 UTC
 * @param pay_info       LEWES_PAY_INFO_LEN bytes
 * @retval LEWES_ERROR_ARGUMENT  no such coin, or a day outside of the book
 */
LEWES_API LEWES_MUST_USE enum lewes_error
lewes_book_spending(struct lewes_spending *spending, const struct lewes_book *book, unsigned coin,
                    uint32_t day, const uint8_t *pay_info);

#ifdef __cplusplus
}
#endif

#endif
