/* SPDX-License-Identifier: Apache-2.0 */
/* What failed, which class that is (registration.md R15), and how to say it: what happened, what
 * it means for the ticket, what to do. */
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/run.h"

#define REFUSAL_TEXT_CAP (256 + 1) /* what a lewesd sends at most, registration.md 5.1 */

const char *hop_name(const struct run *run, const struct hop *hop)
{
    if (!run->options->exit)
        return "the gateway";
    return hop->which == LEWES_HOP_ENTRY ? "the entry" : "the exit";
}

/* The hop whose ticket may be spent, or NULL. */
static const struct hop *doubtful(const struct run *run)
{
    for (size_t i = 0; i < LEWES_HOPS; i++)
        if (run->hops[i].payment.doubt)
            return &run->hops[i];
    return NULL;
}

static const char *coin_words(enum lewes_refusal refusal)
{
    switch (lewes_refusal_coin(refusal)) {
    case LEWES_COIN_NOT_TAKEN:
        return "the ticket was not taken, but has left this machine and is not used again";
    case LEWES_COIN_CREDITED:
        return "the ticket is credited to this WireGuard key";
    case LEWES_COIN_LOST:
        return "the ticket had been spent before";
    case LEWES_COIN_UNKNOWN:
        break;
    }
    return "what became of the ticket is unknown";
}

/* Likewise, the one whose gateway had refused and was asked again. */
static const struct hop *refused(const struct run *run)
{
    for (size_t i = 0; i < LEWES_HOPS; i++)
        if (run->hops[i].payment.refused)
            return &run->hops[i];
    return NULL;
}

/* The hop whose coin was noted as sent, and no byte of it has left. */
static const struct hop *about_to_send(const struct run *run)
{
    for (size_t i = 0; i < LEWES_HOPS; i++)
        if (run->hops[i].payment.phase == COIN_SENT && !run->hops[i].payment.left)
            return &run->hops[i];
    return NULL;
}

/* The moment decides, over all hops: a ticket that may be spent outweighs everything. */
static void classify(struct run *run)
{
    struct lewes_register_result *result = run->result;
    const struct hop *refusing = refused(run);
    result->coin = LEWES_COIN_UNKNOWN;
    if (doubtful(run)) {
        result->outcome = LEWES_REGISTER_MAYBE_SPENT;
    } else if (refusing) {
        result->outcome = LEWES_REGISTER_REJECTED;
        result->refusal = refusing->payment.refusal;
        result->coin = lewes_refusal_coin(refusing->payment.refusal);
    } else {
        result->outcome = LEWES_REGISTER_BEFORE_SPEND;
    }
}

static const char *doubt_advice(const struct run *run)
{
    return run->options->journal
               ? "Register again with the same WireGuard key: the same ticket is sent again"
               : "Without a journal the ticket cannot be sent again: look whether the tunnel "
                 "works, or register again with a new ticket";
}

static const char *nothing_spent(const struct run *run)
{
    const struct hop *stuck = about_to_send(run);
    if (stuck)
        return payment_is_kept(stuck)
                   ? "no ticket has left; the one that was about to is kept for the next call"
                   : "no ticket has left, but the one that was about to cannot be used any more";
    return run->hops[LEWES_HOP_EXIT].payment.left
               ? "the exit is registered, and no ticket was spent for the entry"
               : "no ticket was spent";
}

static void say_consequence(const struct run *run, const char *advice, char *out, size_t cap)
{
    const struct hop *doubt = doubtful(run), *refusing = refused(run);
    bool two_hops = run->options->exit;
    if (doubt)
        snprintf(out, cap, "the ticket%s%s was sent and may be spent. %s", two_hops ? " for " : "",
                 two_hops ? hop_name(run, doubt) : "", doubt_advice(run));
    else
        snprintf(out, cap, "%s. %s",
                 refusing ? coin_words(refusing->payment.refusal) : nothing_spent(run),
                 advice ? advice : "Check address and network, and try again");
}

bool run_fail(struct run *run, struct hop *hop, const struct fault *fault, const char *format, ...)
{
    struct lewes_register_result *result = run->result;
    char what[512], consequence[500];
    va_list arguments;
    classify(run);
    result->hop = hop->which;
    result->step = hop->step;
    result->error = fault->error;
    run->remedy = fault->remedy;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    say_consequence(run, fault->advice, consequence, sizeof consequence);
    snprintf(result->text, sizeof result->text, "%s; %s", what, consequence);
    return false;
}

/* ---- the connection ---- */

/* An end after n replies names the message that was refused (protocol.md P77). */
static const char *refused_message(const struct hop *hop)
{
    static const char *const messages[] = {"ClientHello", "key request", "first handshake message",
                                           "third handshake message"};
    if (hop->step != LEWES_STEP_HANDSHAKE || hop->replies >= 4)
        return NULL;
    return messages[hop->replies];
}

static bool fail_end(struct run *run, struct hop *hop)
{
    const char *message = refused_message(hop);
    const struct fault fault = {
        .remedy = REMEDY_AGAIN,
        .advice = "Gateways give no reasons: check the gateway's identity and this machine's clock",
    };
    run->path_ended = true;
    return run_fail(run, hop, &fault, "%s closed the connection while %s%s%s",
                    hop_name(run, hop->outer ? hop->outer : hop), hop->doing,
                    message ? ", after the " : "", message ? message : "");
}

bool fail_channel(struct run *run, struct hop *hop, enum channel_status status)
{
    int os_error = run->channel.os_error;
    struct fault fault = {.remedy = REMEDY_AGAIN};
    run->path_ended = false;
    switch (status) {
    case CHANNEL_TIMEOUT:
        fault.error = LEWES_ERROR_TIMEOUT;
        return run_fail(run, hop, &fault, "%s took too long", hop->doing);
    case CHANNEL_CANCELLED:
        run->cancelled = true;
        fault.advice = "Register again when you like";
        return run_fail(run, hop, &fault, "cancelled while %s", hop->doing);
    case CHANNEL_END:
        return fail_end(run, hop);
    case CHANNEL_FRAME:
        fault.error = LEWES_ERROR_LENGTH;
        fault.advice = "Check address and port";
        return run_fail(run, hop, &fault, "what answers there does not speak this protocol (%s)",
                        hop->doing);
    case CHANNEL_NO_NAME:
        return run_fail(run, hop, &fault, "%s: %s", hop->options->host, gai_strerror(os_error));
    case CHANNEL_OK:
    case CHANNEL_FAILED:
        break;
    }
    run->result->os_error = os_error;
    run->path_ended = os_error == ECONNRESET || os_error == EPIPE;
    return run_fail(run, hop, &fault, "%s: %s", hop->doing, strerror(os_error));
}

bool fail_notice(struct run *run, struct hop *hop, unsigned notice)
{
    /* Neither a directory nor a packet changes by asking again. */
    bool lasting = notice == 1 || notice == 7;
    const struct fault fault = {
        .remedy = lasting ? REMEDY_NONE : REMEDY_AGAIN,
        .advice = lasting ? "Choose another exit, or another entry" : "Try again, or another exit",
    };
    run->result->notice = notice;
    run->path_ended = notice == 5;
    return run_fail(run, hop, &fault, "the entry did not forward while %s: %s", hop->doing,
                    forwarding_reason(notice));
}

/* ---- the session ---- */

bool fail_session(struct run *run, struct hop *hop, enum lewes_error error)
{
    bool machine = lewes_error_class(error) == LEWES_CLASS_MACHINE;
    const struct fault fault = {
        .error = error,
        .remedy = machine ? REMEDY_NONE : REMEDY_AGAIN,
        .advice = machine ? "This machine is short of a resource: free some, and try again" : NULL,
    };
    return run_fail(run, hop, &fault, "%s: %s", hop->doing, lewes_strerror(error));
}

static bool fail_suite(struct run *run, struct hop *hop, enum lewes_error error)
{
    const struct fault fault = {
        .error = error,
        .advice = "Get its present description, or allow another kind of key exchange",
    };
    return run_fail(run, hop, &fault, "%s does not offer a key exchange that is allowed here (%s)",
                    hop_name(run, hop), lewes_strerror(error));
}

bool fail_handshake(struct run *run, struct hop *hop, enum lewes_error error)
{
    const struct fault busy = {error, REMEDY_LATER, "Try again in a minute"};
    const struct fault collision = {error, REMEDY_AGAIN, "Try again"};
    const struct fault stranger = {error, REMEDY_NONE, "Do not use it"};
    const struct fault key = {error, REMEDY_NONE,
                              "Get its present description; do not go on "
                              "without"};
    switch ((int)error) {
    case LEWES_ERROR_BUSY:
        return run_fail(run, hop, &busy, "%s is busy", hop_name(run, hop));
    case LEWES_ERROR_COLLISION:
        return run_fail(run, hop, &collision, "%s refused %d connection numbers in a row",
                        hop_name(run, hop), HELLOS_MAX);
    case LEWES_ERROR_KKT:
    case LEWES_ERROR_IDENTITY:
        return run_fail(run, hop, &stranger, "this is not the gateway with the given identity (%s)",
                        lewes_strerror(error));
    case LEWES_ERROR_KKT_KEY:
        return run_fail(run, hop, &key, "%s has another key than the one that it announced (%s)",
                        hop_name(run, hop), lewes_strerror(error));
    case LEWES_ERROR_KKT_STATUS:
    case LEWES_ERROR_SUITE:
        return fail_suite(run, hop, error);
    default:
        return fail_session(run, hop, error);
    }
}

/* ---- the answer ---- */

bool fail_answer(struct run *run, struct hop *hop, const char *what)
{
    const struct fault fault = {.error = LEWES_ERROR_FORMAT, .remedy = REMEDY_AGAIN};
    return run_fail(run, hop, &fault, "the answer of %s is not usable (%s); tell its operator",
                    hop_name(run, hop), what);
}

/* Text of a stranger on its way to a terminal (registration.md R6). */
static void copy_printable(char *out, size_t cap, const char *text, size_t len)
{
    size_t n = len < cap - 1 ? len : cap - 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
    }
    out[n] = '\0';
}

static const char *const refusal_advice[LEWES_REFUSAL_OTHER + 1] = {
    [LEWES_REFUSAL_TIMESTAMP] = "Check this machine's clock",
    [LEWES_REFUSAL_NO_ADDRESS] = "Choose another gateway, or try later",
    [LEWES_REFUSAL_PUBLIC_KEY] = "Make a new WireGuard key",
    [LEWES_REFUSAL_OTHER_IDENTITY] =
        "Make a new WireGuard key, or use the identity of the first time",
    [LEWES_REFUSAL_DEVICE] = "Register again with the same key: the same ticket is sent again",
    [LEWES_REFUSAL_SPENT] = "Look whether the tunnel works, or register with another",
    [LEWES_REFUSAL_PROOF] = "Look into the wallet: the ticket is bad",
    [LEWES_REFUSAL_MULTIPLE] = "Look into the wallet: the ticket is bad",
    [LEWES_REFUSAL_TICKET_TYPE] = "Look into the wallet: it gave a ticket of another kind",
    [LEWES_REFUSAL_SPEND_DATE] = "Check this machine's clock",
    [LEWES_REFUSAL_STALE] = "Check this machine's clock",
    [LEWES_REFUSAL_PAYEE] = "Check the gateway's identity",
    [LEWES_REFUSAL_EPOCH] = "Get newer tickets",
    [LEWES_REFUSAL_STORE] = "Try later",
    [LEWES_REFUSAL_CLIENT_IDENTITY] = "Make a new identity",
    [LEWES_REFUSAL_ALREADY_REGISTERED] = "Use what was registered, or make a new identity",
    [LEWES_REFUSAL_MODE] = "Choose another mode, or another gateway",
    [LEWES_REFUSAL_MALFORMED] = "Tell its operator: the programs do not understand each other",
    [LEWES_REFUSAL_BUSY] = "Try later",
    [LEWES_REFUSAL_SHUTDOWN] = "Try later",
    [LEWES_REFUSAL_OTHER] = "Ask its operator",
};

/* R18 */
static enum remedy refusal_remedy(enum lewes_refusal refusal)
{
    if (refusal == LEWES_REFUSAL_BUSY)
        return REMEDY_LATER;
    return refusal == LEWES_REFUSAL_DEVICE || refusal == LEWES_REFUSAL_SHUTDOWN ||
                   refusal == LEWES_REFUSAL_STORE
               ? REMEDY_AGAIN
               : REMEDY_NONE;
}

static const char *advice_for(const struct hop *hop)
{
    enum lewes_refusal refusal = hop->payment.refusal;
    if (refusal == LEWES_REFUSAL_SPENT && !hop->result->repeated)
        return "This was its first use here: something is wrong with the wallet, or with a copy "
               "of it";
    if (refusal == LEWES_REFUSAL_DEVICE && !hop->journal)
        return "Register again with the same key; without a journal that takes another ticket";
    return refusal_advice[refusal];
}

bool fail_refused(struct run *run, struct hop *hop, const struct lewes_refused_answer *refused)
{
    struct payment *payment = &hop->payment;
    char text[REFUSAL_TEXT_CAP];
    copy_printable(text, sizeof text, refused->text, refused->len);
    payment->refused = true;
    payment->doubt = false;
    payment->refusal = lewes_refusal_find(refused->text, refused->len);
    const struct fault fault = {.remedy = refusal_remedy(payment->refusal),
                                .advice = advice_for(hop)};
    return run_fail(run, hop, &fault, "%s refused: %s", hop_name(run, hop), text);
}
