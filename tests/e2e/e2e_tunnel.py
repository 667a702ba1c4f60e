# SPDX-License-Identifier: Apache-2.0
"""Traffic through the tunnel that a registration set up, and through no other road."""
import os
import stat

import world as w


def check(truth, text):
    if not truth:
        raise w.Failed(text)


def open_gateway(world, **changes):
    world.wireguard()
    config = world.config(**changes)
    world.lewesd(config)
    return world.identity(config)


def test_a_registered_client_pings_through_its_tunnel(programs):
    with w.World(programs) as world:
        identity = open_gateway(world)
        check(not world.ping(w.HOST_V4, wait=1), "the host answers without a tunnel")
        world.register(identity)
        check(not world.ping(w.HOST_V4, wait=1), "the host answers before the tunnel is up")
        world.tunnel_up()
        check(world.ping(w.TUNNEL_GATEWAY_V4, 3), "the gateway does not answer in the tunnel")
        check(world.ping("fc01::1", 3), "the gateway does not answer in the tunnel over IPv6")
        check(world.ping(w.HOST_V4, 3), "the host behind the gateway does not answer")
        world.tunnel_down()
        check(not world.ping(w.HOST_V4, wait=1), "the host answers after the tunnel is gone")


def test_a_client_registers_and_pings_over_ipv6(programs):
    with w.World(programs) as world:
        identity = open_gateway(world)
        world.register(identity, host=f"[{w.GATEWAY_V6}]")
        with open(world.profile(), encoding="ascii") as file:
            check(f"Endpoint = [{w.GATEWAY_V6}]:51822" in file.read(), "the endpoint is not IPv6")
        world.tunnel_up()
        check(world.ping(w.HOST_V4, 3), "no traffic in a tunnel over IPv6")


def test_a_refused_client_has_no_tunnel_even_with_a_profile_written_by_hand(programs):
    with w.World(programs) as world:
        identity = open_gateway(world)
        world.register(identity)
        with open(world.profile(), encoding="ascii") as file:
            profile = file.read()
    with w.World(programs) as world:  # the same network, another gateway that refuses
        identity = open_gateway(world, gateway__enabled="no")
        done = world.register(identity, check=False)
        check(done.returncode == 5, f"exit status {done.returncode}: {done.stderr}")
        check("Registration mode not enabled" in done.stderr, done.stderr)
        check(not os.path.exists(world.profile()), "a refused client has a profile")
        key = w.run(["wg", "show", world.device, "public-key"]).stdout.strip()
        lines = [f"PublicKey = {key}" if line.startswith("PublicKey") else line
                 for line in profile.splitlines()]
        with open(world.profile(), "w", encoding="ascii") as file:
            os.chmod(world.profile(), 0o600)
            file.write("\n".join(lines) + "\n")
        world.tunnel_up()
        check(not world.ping(w.TUNNEL_GATEWAY_V4, 3), "a refused client pings")


def test_the_profile_is_private_and_wg_quick_takes_it_unchanged(programs):
    with w.World(programs) as world:
        identity = open_gateway(world)
        world.register(identity, "--dns", "192.0.2.53,2001:db8::53", "--mtu", "1380")
        mode = stat.S_IMODE(os.stat(world.profile()).st_mode)
        check(mode == 0o600, f"the profile has mode {mode:o}")
        with open(world.profile(), encoding="ascii") as file:
            text = file.read()
        for line in ("MTU = 1380", "DNS = 192.0.2.53,2001:db8::53", "PersistentKeepalive = 25",
                     f"Endpoint = {w.GATEWAY_V4}:51822", "AllowedIPs = 0.0.0.0/0, ::/0"):
            check(line in text.splitlines(), f"{line!r} is not in the profile")
        stripped = w.run(["wg-quick", "strip", world.profile()]).stdout
        check("PublicKey" in stripped and "DNS" not in stripped, stripped)


def test_the_tunnel_outlives_a_restart_of_lewesd(programs):
    with w.World(programs) as world:
        world.wireguard()
        config = world.config()
        daemon = world.lewesd(config)
        identity = world.identity(config)
        world.register(identity)
        world.tunnel_up()
        check(world.ping(w.HOST_V4, 2), "no traffic before the restart")
        daemon.signal(w.signal.SIGTERM)
        check(daemon.finish() == 0, "lewesd did not stop cleanly:\n" + daemon.text())
        check(world.ping(w.HOST_V4, 2), "no traffic while lewesd is away")
        world.lewesd(config)
        check(world.identity(config) == identity, "the identity changed")
        check(world.ping(w.HOST_V4, 2), "no traffic after the restart")
