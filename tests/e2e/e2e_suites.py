# SPDX-License-Identifier: Apache-2.0
"""Every KEM suite, one hop and two, over IPv4 and IPv6: each ends in traffic."""
import json

import two_hops as two
import world as w
from e2e_tunnel import check

SUITES = ("x25519", "mlkem768", "xwing")


def agreed(told, kem):
    check(told["kem"] == kem and told["key_pinned"], str(told))
    check(told["pq_handshake"] == (kem != "x25519"), str(told))


def one_hop(world, kem, identity, info, host):
    done = world.register(identity, "--no-journal", "--json", "--gateway-info", info, "--kem", kem,
                          host=host)
    agreed(json.loads(done.stdout), kem)
    check(not world.ping(w.HOST_V4, wait=1), f"{kem}: the host answers before the tunnel is up")
    world.tunnel_up()
    check(world.ping(w.HOST_V4), f"{kem}, {host}: no traffic through the tunnel")
    check(world.ping("fc01::1"), f"{kem}, {host}: no IPv6 in the tunnel")
    world.tunnel_down()


def test_each_suite_ends_in_traffic_over_one_hop(programs):
    with w.World(programs) as world:
        world.wireguard()
        config = world.config()
        world.lewesd(config)
        identity, info = world.identity(config), world.describe(config)
        for kem in SUITES:
            for host in (w.GATEWAY_V4, f"[{w.GATEWAY_V6}]"):
                one_hop(world, kem, identity, info, host)


def both_hops(world, kem, identities, infos, v6):
    host = two.HOST_V6 if v6 else two.HOST_V4
    done = world.register_both(*identities, "--json", "--kem", kem, "--gateway-info", infos[0],
                               "--exit-info", infos[1], v6=v6)
    told = json.loads(done.stdout)
    for hop in ("entry", "exit"):
        agreed(told[hop], kem)
    check(not world.ping(host, wait=1), f"{kem}: the host answers without tunnels")
    world.tunnels_up()
    check(world.ping(host), f"{kem}, {host}: no traffic through both tunnels")
    check(world.counted(world.client) == 0, f"{kem}: a packet went past the entry")
    world.tunnels_down()


def test_each_suite_ends_in_traffic_over_two_hops(programs):
    with two.TwoHopWorld(programs) as world:
        exit_identity, _ = world.start_exit()
        entry, _ = world.start_entry(exit_identity)
        infos = [world.describe(f"{folder}/lewesd.conf")
                 for folder in (world.folder, f"{world.folder}/exit")]
        for kem in SUITES:
            for v6 in (False, True):
                both_hops(world, kem, (entry, exit_identity), infos, v6)
