/* SPDX-License-Identifier: Apache-2.0 */
#include <lewes/base.h>

struct description {
    enum lewes_error error;
    const char *text;
};

static const struct description descriptions[] = {
    {LEWES_OK, "success"},

    {LEWES_ERROR_ARGUMENT, "a parameter or setting is wrong"},
    {LEWES_ERROR_NOT_READY, "not possible in this state of the session"},
    {LEWES_ERROR_CLOSED, "the session has ended"},
    {LEWES_ERROR_READ_ONLY, "the session was replaced and only receives"},
    {LEWES_ERROR_TOO_LONG, "the payload does not fit into one packet"},
    {LEWES_ERROR_SPACE, "the output buffer is too small"},
    {LEWES_ERROR_EXHAUSTED, "the session has sent as many packets as it may"},
    {LEWES_ERROR_VALUE, "the value has no encoding"},
    {LEWES_ERROR_KEY, "the key is not usable"},

    {LEWES_ERROR_LENGTH, "the message has an impossible length"},
    {LEWES_ERROR_FORMAT, "a field cannot be read"},
    {LEWES_ERROR_TYPE, "there is no such packet type"},
    {LEWES_ERROR_INDEX, "the packet belongs to another session"},
    {LEWES_ERROR_AUTH, "the packet is not authentic"},
    {LEWES_ERROR_REPLAY, "the packet was received before, or is too old"},
    {LEWES_ERROR_STATE, "the message is not expected now"},
    {LEWES_ERROR_KKT, "the key transfer message is malformed or not authentic"},
    {LEWES_ERROR_PSQ, "the PSQ message is malformed or not authentic"},
    {LEWES_ERROR_CLOCK, "the clocks of client and gateway differ too much"},
    {LEWES_ERROR_NOISE, "the Noise message is not authentic"},

    {LEWES_ERROR_COLLISION, "the gateway has the receiver index in use"},
    {LEWES_ERROR_BUSY, "the gateway is overloaded"},
    {LEWES_ERROR_KKT_STATUS, "the gateway refused the cipher suite"},
    {LEWES_ERROR_KKT_KEY, "the gateway's KEM key is malformed or not the expected one"},
    {LEWES_ERROR_SUITE, "the gateway has another cipher suite than the one asked for"},
    {LEWES_ERROR_IDENTITY, "the peer is not who it said it was"},
    {LEWES_ERROR_PEER, "the authenticated peer broke the protocol"},
    {LEWES_ERROR_GIVE_UP, "there were too many bad packets"},
    {LEWES_ERROR_TIMEOUT, "the handshake took too long"},

    {LEWES_ERROR_MEMORY, "there is not enough memory"},
    {LEWES_ERROR_RANDOM, "there is no randomness"},
    {LEWES_ERROR_CRYPTO, "the cryptographic library failed"},

    {LEWES_ERROR_TICKET_FORM, "these are not the bytes of a payment"},
    {LEWES_ERROR_TICKET_VALUE, "the payment is not of one ticket"},
    {LEWES_ERROR_TICKET_SHAPE, "the payment has a list of a wrong length"},
    {LEWES_ERROR_TICKET_TYPE, "the ticket is of another type"},
    {LEWES_ERROR_TICKET_UNBOUND, "the payment does not prove the index of its coin"},
    {LEWES_ERROR_TICKET_POINT, "the payment has a point or challenge that proves nothing"},
    {LEWES_ERROR_TICKET_PROOF, "the proof of the payment does not hold"},
    {LEWES_ERROR_TICKET_WALLET, "the signature of the ticket book does not hold"},
    {LEWES_ERROR_TICKET_DATE, "the signature of the spend date does not hold"},
    {LEWES_ERROR_TICKET_INDEX, "the signature of the coin index does not hold"},
};

const char *lewes_strerror(enum lewes_error error)
{
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++)
        if (descriptions[i].error == error)
            return descriptions[i].text;
    return "unknown error";
}

enum lewes_error_class lewes_error_class(enum lewes_error error)
{
    const int number = (int)error;

    if (number >= 0)
        return LEWES_CLASS_NONE;
    if (number > -100)
        return LEWES_CLASS_CALLER;
    if (number > -200)
        return LEWES_CLASS_PACKET;
    if (number > -300)
        return LEWES_CLASS_SESSION;
    return number > -400 ? LEWES_CLASS_MACHINE : LEWES_CLASS_TICKET;
}
