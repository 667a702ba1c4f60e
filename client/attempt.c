/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: the entry's session, through it the exit's, then the registrations, the exit's
 * first (registration.md 8). */
#include <string.h>

#include "client/run.h"

static bool connect_entry(struct run *run, struct hop *entry)
{
    const struct lewes_hop_options *options = entry->options;
    uint16_t port = options->port ? options->port : LEWES_CONTROL_PORT;
    uint32_t limit = setting_ms(run->options->connect_ms, 10000); /* protocol.md 1 */
    entry->doing = "connecting to the gateway";
    run->result->attempts++;
    run->answered = true;
    run->path_lost = false;
    entry->result->round_trips = 0;
    enum channel_status status =
        channel_connect(&run->channel, options->host, port, run_deadline(run, limit));
    return status == CHANNEL_OK || fail_channel(run, entry, status);
}

static bool entry_stands(const struct run *run)
{
    const struct lewes_session *session = run->hops[LEWES_HOP_ENTRY].session;
    enum lewes_state state = session ? lewes_session_state(session) : LEWES_CLOSED;
    return run->channel.fd >= 0 && (state == LEWES_AWAIT_ESTABLISHED || state == LEWES_TRANSPORT);
}

/* The time for the handshake is one, however often it begins anew. */
static bool open_entry(struct run *run, struct hop *entry)
{
    uint32_t limit = setting_ms(run->options->handshake_ms, 15000); /* protocol.md 1 */
    enum way way;
    entry->hellos = 0;
    run_step(run, entry, LEWES_STEP_CONNECT);
    if (!connect_entry(run, entry))
        return false;
    run_step(run, entry, LEWES_STEP_HANDSHAKE);
    entry->deadline = run_deadline(run, limit);
    while ((way = hop_handshake(run, entry)) == WAY_ANEW) {
        attempt_close(run);
        if (!connect_entry(run, entry))
            return false;
    }
    return way == WAY_STANDS;
}

static bool open_exit(struct run *run, struct hop *exit)
{
    uint32_t limit = setting_ms(run->options->handshake_ms, 15000) +
                     setting_ms(run->options->forward_ms, 30000); /* registration.md 8 */
    enum way way;
    exit->hellos = 0;
    exit->result->round_trips = 0;
    run_step(run, exit, LEWES_STEP_HANDSHAKE);
    exit->deadline = run_deadline(run, limit);
    do {
        way = hop_handshake(run, exit);
    } while (way == WAY_ANEW); /* the entry has closed that stream, or will */
    return way == WAY_STANDS;
}

bool attempt_run(struct run *run)
{
    struct hop *entry = &run->hops[LEWES_HOP_ENTRY], *exit = run_exit(run);
    bool exit_is_due = exit && !exit->result->registered;
    if (!exit_is_due && entry->result->registered)
        return true;
    if (!entry_stands(run) && !open_entry(run, entry))
        return false;
    if (exit_is_due && !(open_exit(run, exit) && hop_register(run, exit)))
        return false;
    return entry->result->registered || hop_register(run, entry);
}

void attempt_close(struct run *run)
{
    channel_close(&run->channel);
    for (size_t i = 0; i < LEWES_HOPS; i++) {
        hop_drop_session(&run->hops[i]);
        run->hops[i].forwarding.count = run->hops[i].forwarding.abandoned = 0;
    }
}

void attempt_end(struct run *run)
{
    struct hop *exit = run_exit(run);
    bool exit_alone = exit && run->current == exit && !run->path_lost && entry_stands(run) &&
                      exit->forwarding.count < FORWARDS_MAX / 2;
    if (exit_alone)
        hop_drop_session(exit); /* R13: the outer session goes on */
    else
        attempt_close(run);
}
