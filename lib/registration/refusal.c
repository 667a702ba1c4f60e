/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of refusals: the only code that the wire has (registration.md 5.1). */
#include <string.h>

#include <lewes/registration.h>

#define PEER "WireGuard peer registration failed: "
#define CREDENTIAL "Credential verification failed: "

struct refusal {
    const char *text;
    enum lewes_coin coin;
};

static const struct refusal refusals[] = {
    [LEWES_REFUSAL_TIMESTAMP] = {"Invalid timestamp", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_NO_ADDRESS] = {PEER "no free address", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_PUBLIC_KEY] = {PEER "invalid public key", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_OTHER_IDENTITY] = {PEER "key belongs to another identity", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_DEVICE] = {PEER "device error, retry with the same ticket", LEWES_COIN_CREDITED},
    [LEWES_REFUSAL_SPENT] = {CREDENTIAL "ticket already spent", LEWES_COIN_LOST},
    [LEWES_REFUSAL_PROOF] = {CREDENTIAL "invalid proof", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_MULTIPLE] = {CREDENTIAL "multiple tickets", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_TICKET_TYPE] = {CREDENTIAL "wrong ticket type", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_SPEND_DATE] = {CREDENTIAL "wrong spend date", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_STALE] = {CREDENTIAL "stale payment information", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_PAYEE] = {CREDENTIAL "payment is for another gateway", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_EPOCH] = {CREDENTIAL "unknown epoch", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_STORE] = {CREDENTIAL "store unavailable", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_CLIENT_IDENTITY] = {"Invalid client ed25519 key: ", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_ALREADY_REGISTERED] = {"Client already registered", LEWES_COIN_UNKNOWN},
    [LEWES_REFUSAL_MODE] = {"Registration mode not enabled", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_MALFORMED] = {"Malformed registration request", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_BUSY] = {"Gateway busy", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_SHUTDOWN] = {"Gateway shutting down", LEWES_COIN_NOT_TAKEN},
    [LEWES_REFUSAL_OTHER] = {"", LEWES_COIN_UNKNOWN},
};

/* A number from elsewhere is a refusal that nobody has agreed on. */
static const struct refusal *row(enum lewes_refusal refusal)
{
    return &refusals[(unsigned)refusal < LEWES_REFUSAL_OTHER ? refusal : LEWES_REFUSAL_OTHER];
}

const char *lewes_refusal_text(enum lewes_refusal refusal)
{
    return row(refusal)->text;
}

enum lewes_refusal lewes_refusal_find(const char *text, size_t len)
{
    unsigned i = 0;
    while (i < LEWES_REFUSAL_OTHER) {
        size_t n = strlen(refusals[i].text);
        if (len >= n && memcmp(text, refusals[i].text, n) == 0)
            break;
        i++;
    }
    return (enum lewes_refusal)i;
}

enum lewes_coin lewes_refusal_coin(enum lewes_refusal refusal)
{
    return row(refusal)->coin;
}
