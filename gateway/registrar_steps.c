/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of gateway.md G6.1 that wait for nobody but a verifier, and the table of all. */
#include <string.h>

#include "gateway/fixed.h"
#include "gateway/registration.h"
#include "lib/crypto/crypto.h"

static enum step_result decode(struct registration *r)
{
    const struct lewes_credential *credential = &r->request.credential;

    if (lewes_request_decode(&r->request, r->bytes, r->len, NULL) != LEWES_OK)
        return registration_refuse(r, LEWES_REFUSAL_MALFORMED);
    r->claim.request = &r->request;
    memcpy(r->claim.owner,
           r->request.mode == LEWES_MODE_MIXNET ? r->from.identity.bytes : r->request.wg_key.bytes,
           sizeof r->claim.owner);
    r->claim.unix_seconds = wall_clock_seconds(&r->registrar->parts.clock);
    lewesi_sha256(r->claim.digest,
                  (struct lewesi_span){credential->payment, credential->payment_len},
                  (struct lewesi_span){credential->pay_info, sizeof credential->pay_info});
    return STEP_DONE;
}

static enum step_result mode(struct registration *r)
{
    static const uint32_t bits[] = {
        [LEWES_MODE_DVPN] = SETTINGS_MODE_DVPN, [LEWES_MODE_MIXNET] = SETTINGS_MODE_MIXNET};
    const struct settings *settings = r->registrar->parts.settings;
    bool on = settings->gateway.enabled && (settings->gateway.modes & bits[r->request.mode]) != 0;
    return on ? STEP_DONE : registration_refuse(r, LEWES_REFUSAL_MODE);
}

static enum step_result time_of_request(struct registration *r)
{
    uint64_t tolerance = r->registrar->parts.settings->gateway.timestamp_tolerance / 1000;
    uint64_t now = (uint64_t)r->claim.unix_seconds;
    uint64_t then = r->request.timestamp;
    uint64_t off = now > then ? now - then : then - now;
    return off <= tolerance ? STEP_DONE : registration_refuse(r, LEWES_REFUSAL_TIMESTAMP);
}

/* registration.md R7; gateway.md G6.1 step 4 */
static enum step_result keys(struct registration *r)
{
    const struct lewes_wg_public *own = &r->registrar->parts.wg_key;
    const struct lewes_ed25519_public *identity = &r->request.mixnet_identity;

    if (r->request.mode == LEWES_MODE_MIXNET)
        return memcmp(identity, &r->from.identity, sizeof *identity) == 0
                   ? STEP_DONE
                   : registration_refuse(r, LEWES_REFUSAL_CLIENT_IDENTITY);
    if (lewes_wg_check(&r->request.wg_key) != LEWES_OK ||
        memcmp(&r->request.wg_key, own, sizeof *own) == 0)
        return registration_refuse(r, LEWES_REFUSAL_PUBLIC_KEY);
    return STEP_DONE;
}

/* Identities and WireGuard keys share the locks; that two of them are equal does no harm. */
static enum step_result lock(struct registration *r)
{
    struct lewes_wg_public key;
    memcpy(key.bytes, r->claim.owner, sizeof key.bytes);
    switch (keylocks_take(r->registrar->locks, &r->lock, &key)) {
    case KEYLOCK_GRANTED:
        return STEP_DONE;
    case KEYLOCK_QUEUED:
        return STEP_WAITS;
    case KEYLOCK_REFUSED:
        break;
    }
    return registration_refuse(r, LEWES_REFUSAL_BUSY);
}

static enum step_result decide(struct registration *r)
{
    const struct settings *settings = r->registrar->parts.settings;
    const struct lease *lease = r->has_lease ? &r->lease : NULL;
    struct policy_facts facts = {
        .ticket = r->ticket,
        .lease = policy_lease_of(lease, r->claim.unix_seconds, settings->registration.topup_below),
        .known_identity = lease != NULL && lease_knows(lease, &r->from.identity),
    };
    r->action = policy_decide(&facts, (enum settings_key_join)settings->registration.key_join);
    if (r->action == POLICY_SPENT)
        return registration_refuse(r, LEWES_REFUSAL_SPENT);
    if (r->action == POLICY_FOREIGN)
        return registration_refuse(r, LEWES_REFUSAL_OTHER_IDENTITY);
    r->plan = r->request.mode == LEWES_MODE_MIXNET
                  ? policy_plan(r->action, NULL) & POLICY_PLAN_MIXNET
                  : policy_plan(r->action, lease);
    if (r->action == POLICY_TWICE && r->conflicted) /* it was found valid before the conflict */
        r->plan &= ~(unsigned)POLICY_PLAN_VERIFY;
    return STEP_DONE;
}

/* What a ticket is refused for: that its coin is spent is known before the rest of it is. */
static enum lewes_refusal refusal_of(const struct registration *r, enum lewes_refusal refusal)
{
    return r->action == POLICY_TWICE ? LEWES_REFUSAL_SPENT : refusal;
}

/* ecash.md E20 */
static bool unbound_too_often(const struct registration *r)
{
    const struct registrar_parts *parts = &r->registrar->parts;
    return parts->settings->registration.unbound == SETTINGS_UNBOUND_LIMIT &&
           r->request.credential.payment_len == LEWES_PAYMENT_UNBOUND_LEN &&
           !limits_unbound(parts->limits, r->from.slot, uv_now(parts->loop));
}

static enum step_result rate(struct registration *r)
{
    struct registrar *registrar = r->registrar;
    const struct registrar_parts *parts = &registrar->parts;

    if (!(r->plan & POLICY_PLAN_VERIFY))
        return STEP_DONE;
    if ((r->request.mode == LEWES_MODE_DVPN && repair_device_lost(parts->repair)) ||
        registrar->verifying >= parts->settings->registration.verify_queue ||
        !limits_verify(parts->limits, r->from.slot, uv_now(parts->loop)) || unbound_too_often(r))
        return registration_refuse(r, refusal_of(r, LEWES_REFUSAL_BUSY));
    return STEP_DONE;
}

static enum step_result reserve(struct registration *r)
{
    if (!(r->plan & POLICY_PLAN_RESERVE))
        return STEP_DONE;
    switch (pool_take(r->registrar->parts.pool, &r->pair)) {
    case POOL_OK:
        return STEP_DONE;
    case POOL_EMPTY:
        return registration_refuse(r, LEWES_REFUSAL_NO_ADDRESS);
    case POOL_WRONG:
    case POOL_MEMORY:
    case POOL_RANDOM:
    case POOL_ARGUMENT:
        break;
    }
    return registration_refuse(r, LEWES_REFUSAL_BUSY);
}

static enum step_result verified(struct registration *r)
{
    r->registrar->verifying--;
    r->verifying = false;
    if (!r->check.verdict.valid)
        return registration_refuse(r, refusal_of(r, r->check.verdict.refusal));
    return STEP_DONE;
}

static void check_done(struct verifier_check *check)
{
    struct registration *r =
        (struct registration *)(void *)((char *)check - offsetof(struct registration, check));
    if (r->in_verify)
        r->in_verify = false;
    else if (r->cancelled || verified(r) == STEP_DONE)
        registration_resume(r);
}

static enum step_result verify(struct registration *r)
{
    const struct verifier *verifier = r->registrar->parts.verifier;
    if (!(r->plan & POLICY_PLAN_VERIFY))
        return STEP_DONE;
    r->verifying = true;
    r->registrar->verifying++;
    r->check.claim = &r->claim;
    r->check.done = check_done;
    r->in_verify = true;
    verifier->verify(verifier, &r->check);
    if (!r->in_verify)
        return verified(r);
    r->in_verify = false;
    return STEP_WAITS;
}

static enum step_result answer(struct registration *r)
{
    bool encoded = false;
    switch (r->action) {
    case POLICY_REPEAT:
        encoded = registration_again(r);
        break;
    case POLICY_UNCHANGED:
        encoded = registration_present(r);
        break;
    case POLICY_NEW:
    case POLICY_TOPUP:
    case POLICY_JOIN:
        memcpy(r->answer, r->lease.answer, r->lease.answer_len);
        r->answer_len = r->lease.answer_len;
        encoded = true;
        break;
    case POLICY_SPENT:
    case POLICY_TWICE:
    case POLICY_FOREIGN:
        break;
    }
    return encoded ? registration_succeed(r) : registration_refuse(r, LEWES_REFUSAL_STORE);
}

enum step_result (*const registration_steps[STEPS])(struct registration *r) = {
    [STEP_DECODE] = decode,
    [STEP_MODE] = mode,
    [STEP_TIME] = time_of_request,
    [STEP_KEYS] = keys,
    [STEP_LOCK] = lock,
    [STEP_LOOK_UP] = registration_look_up,
    [STEP_DECIDE] = decide,
    [STEP_RATE] = rate,
    [STEP_RESERVE] = reserve,
    [STEP_VERIFY] = verify,
    [STEP_COMMIT] = registration_commit,
    [STEP_INSTALL] = registration_install,
    [STEP_ACTIVATE] = registration_activate,
    [STEP_ANSWER] = answer,
};
