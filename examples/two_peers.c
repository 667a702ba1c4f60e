/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two peers in one process: a client and a gateway make a session and talk, and no byte leaves the
 * program. Begin here: this is every call that a session needs (doc/embedding.md, step 1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <lewes/lewes.h>

/* ---- the environment: the library's only way to memory and randomness ---- */

static void *allocate(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void release(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static int draw(void *user, uint8_t *out, size_t len)
{
    (void)user;
    return getrandom(out, len, 0) == (ssize_t)len ? 0 : -1; /* never short up to 256 bytes */
}

static const struct lewes_env env = {NULL, allocate, release, draw};

/* ---- failures end this program; a real one goes on with its other sessions ---- */

static void must(enum lewes_error error, const char *what)
{
    if (error == LEWES_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, lewes_strerror(error));
    exit(1);
}

static struct lewes_identity *new_identity(void)
{
    struct lewes_ed25519_seed seed;
    struct lewes_identity *identity;

    must(lewes_ed25519_generate(&seed, &env), "seed");
    must(lewes_identity_new(&identity, &env, &seed), "identity");
    lewes_wipe(&seed, sizeof seed); /* a program that keeps its identity stores the seed first */
    return identity;
}

/* ---- one wire ---- */

/* Everything that `from` has to say is read by `to`. Returns the kind of the last event; a payload
 * is printed, because it dies with the packet. */
static enum lewes_event_kind carry(const char *name, struct lewes_session *from,
                                   struct lewes_session *to, lewes_time now)
{
    static uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    struct lewes_event event = {LEWES_EVENT_NONE, NULL, 0, NULL};
    size_t len;

    for (;;) {
        must(lewes_session_write(from, packet, sizeof packet, &len, now), "write");
        if (len == 0)
            return event.kind;
        printf("%s %4zu bytes\n", name, len);
        must(lewes_session_read(to, packet, len, now, &event), "read");
        if (event.kind == LEWES_EVENT_PAYLOAD)
            printf("%s says: %.*s\n", name, (int)event.len, (const char *)event.payload);
    }
}

/* The gateway meets a ClientHello before it has a session: nothing is allocated for a stranger. */
static struct lewes_session *answer_hello(const struct lewes_identity *gateway,
                                          struct lewes_session *client, uint64_t unix_ms)
{
    uint8_t packet[LEWES_HANDSHAKE_PACKET_MAX];
    struct lewes_session *session;
    struct lewes_hello hello;
    size_t len;

    must(lewes_session_write(client, packet, sizeof packet, &len, 0), "hello");
    printf("client  %4zu bytes\n", len);
    must(lewes_hello_check(&hello, packet, len, unix_ms / 1000, LEWES_CLOCK_TOLERANCE), "check");
    /* Here a gateway asks: is the salt new, is there room, is the receiver index free? */
    must(lewes_session_new(&session, &env,
                           &(struct lewes_session_config){
                               .role = LEWES_RESPONDER,
                               .identity = gateway,
                               .unix_ms = unix_ms,
                               .hello = &hello,
                           },
                           0),
         "gateway's session");
    return session;
}

int main(void)
{
    const lewes_time now = 0; /* any clock that does not go back; here it stands still */
    const uint64_t unix_ms = (uint64_t)time(NULL) * 1000;
    struct lewes_identity *const client_identity = new_identity();
    struct lewes_identity *const gateway_identity = new_identity();
    struct lewes_session *client, *gateway;
    enum lewes_event_kind event = LEWES_EVENT_NONE;

    must(lewes_session_new(&client, &env,
                           &(struct lewes_session_config){
                               .role = LEWES_INITIATOR,
                               .identity = client_identity,
                               .unix_ms = unix_ms,
                               .peer = lewes_identity_public(gateway_identity),
                           },
                           now),
         "client's session");
    gateway = answer_hello(gateway_identity, client, unix_ms);

    while (event != LEWES_EVENT_ESTABLISHED) {
        event = carry("gateway", gateway, client, now);
        if (event != LEWES_EVENT_ESTABLISHED)
            carry("client ", client, gateway, now);
    }
    printf("established: both sides are proved\n");

    static const uint8_t question[] = "how do you do?", answer[] = "how do you do!";
    must(lewes_session_send(client, question, sizeof question - 1, now), "question");
    carry("client ", client, gateway, now);
    must(lewes_session_send(gateway, answer, sizeof answer - 1, now), "answer");
    carry("gateway", gateway, client, now);

    lewes_session_free(client); /* wipes its keys; sessions go before the identities they use */
    lewes_session_free(gateway);
    lewes_identity_free(client_identity);
    lewes_identity_free(gateway_identity);
    return 0;
}
