# SPDX-License-Identifier: Apache-2.0
"""Two hops: registered at the exit through the entry, one tunnel inside the other."""
import os
import sqlite3

import two_hops as two
import world as w
from e2e_tunnel import check


def leases(folder):
    with sqlite3.connect(f"file:{folder}/state/lewes.db?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM lease WHERE state = 1").fetchone()[0]


def open_gateways(world, **changes):
    exit_identity, _ = world.start_exit()
    entry, _ = world.start_entry(exit_identity, **changes)
    return entry, exit_identity


def both_tunnels_carry(world, v6):
    entry, exit_identity = open_gateways(world)
    host = two.HOST_V6 if v6 else two.HOST_V4
    world.serve_page("<p>Through both.</p>\n", host)
    world.register_both(entry, exit_identity, v6=v6)
    check(leases(world.folder) == 1, "no lease at the entry")
    check(leases(f"{world.folder}/exit") == 1, "no lease at the exit")
    check(not world.ping(host, wait=1), "the host answers without tunnels")
    world.tunnels_up()
    inside = two.EXIT_TUNNEL_V6 if v6 else two.EXIT_TUNNEL_V4
    check(world.ping(inside, 3), "the exit does not answer in the inner tunnel")
    check(world.ping(host, 3), "the host behind the exit does not answer")
    check("Through both." in world.fetch_page(host), "no page from behind the exit")
    check(world.counted(world.client) == 0, "the client has spoken to the exit directly")
    world.tunnels_down()
    check(not world.ping(host, wait=1), "the host answers after the tunnels are gone")


def test_two_nested_tunnels_carry_traffic(programs):
    with two.TwoHopWorld(programs) as world:
        both_tunnels_carry(world, v6=False)


def test_two_nested_tunnels_carry_traffic_over_ipv6(programs):
    with two.TwoHopWorld(programs) as world:
        both_tunnels_carry(world, v6=True)


def test_packets_of_the_inner_mtu_fit_and_larger_ones_do_not(programs):
    with two.TwoHopWorld(programs) as world:
        entry, exit_identity = open_gateways(world)
        world.register_both(entry, exit_identity)
        world.tunnels_up()
        for size, fits in ((1340 - 28, True), (1341 - 28, False)):
            done = world.run(world.client, ["ping", "-n", "-c", "1", "-W", "2", "-M", "do",
                                            "-s", str(size), two.HOST_V4], check=False)
            check((done.returncode == 0) == fits, f"{size}: {done.stdout}{done.stderr}")


def refused(world, entry, exit_identity, *words):
    done = world.register_both(entry, exit_identity, "--tries", "1", check=False)
    check(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
    check(not os.path.exists(world.profile()), "a profile without an exit")
    for word in words:
        check(word in done.stderr, f"{word!r} is not in: {done.stderr}")
    check(leases(world.folder) == 0, "a ticket for an entry that leads nowhere")
    check(world.counted(world.client) == 0, "the client has spoken to the exit directly")


def test_an_exit_that_is_not_in_the_directory_is_not_called(programs):
    with two.TwoHopWorld(programs) as world:
        exit_identity, _ = world.start_exit()
        path = world.directory((exit_identity, ("192.0.2.99",)))
        entry, _ = world.start_entry(exit_identity, forward__directory=path)
        world.count(world.gateway, "mid")
        refused(world, entry, exit_identity)
        check(world.counted(world.gateway) == 0, "a packet left for the exit")


def test_a_private_exit_is_not_called_without_leave(programs):
    with two.TwoHopWorld(programs) as world:
        exit_identity, _ = world.start_exit()
        entry, _ = world.start_entry(exit_identity, forward__allow_private="no")
        world.count(world.gateway, "mid")
        refused(world, entry, exit_identity)
        check(world.counted(world.gateway) == 0, "a packet left for the exit")


def test_an_exit_that_is_away_costs_no_ticket(programs):
    with two.TwoHopWorld(programs) as world:
        exit_identity, daemon = world.start_exit()
        entry, _ = world.start_entry(exit_identity)
        daemon.signal(w.signal.SIGTERM)
        check(daemon.finish() == 0, daemon.text())
        refused(world, entry, exit_identity)


def test_a_directory_that_is_wrong_is_explained_at_start(programs):
    with two.TwoHopWorld(programs) as world:
        world.wireguard()
        path = world.directory(("nobody", ("192.0.2.99",)))
        daemon = world.lewesd(world.config(forward__directory=path), wait=False)
        check(daemon.finish() == 1, "lewesd has started with a broken directory")
        check(f"{path}: entry 1" in daemon.text(), daemon.text())
