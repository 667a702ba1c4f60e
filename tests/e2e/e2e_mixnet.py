# SPDX-License-Identifier: Apache-2.0
"""Mixnet mode: an identity registers, and a program of the operator's hears of it."""
import json
import os
import socket

import world as w
from e2e_register import json_of, make_key, memory_gateway
from e2e_tunnel import check


def listen_at(path):
    hook = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    hook.bind(path)
    hook.settimeout(w.DEADLINE)
    return hook


def register(world, identity, key, *arguments, check_status=True):
    return world.register(identity, "--mode", "mixnet", "--mixnet-key", key, "--json",
                          "--no-journal", *arguments, out=False, check=check_status)


def test_a_mixnet_client_has_credit_and_the_hook_hears_of_it(programs):
    with w.World(programs) as world:
        path = os.path.join(world.folder, "hook")
        with listen_at(path) as hook:
            identity, _ = memory_gateway(world, mixnet__hook=f"unix:{path}")
            key = make_key(world, "mixnet.key")
            told = json_of(register(world, identity, key))
            check(told["success"], str(told))
            event = json.loads(hook.recv(1024))
            check(event["event"] == "new" and event["balance"] == 200_000_000, str(event))
            done = register(world, identity, key)  # another mock ticket: plenty is left
            check(json_of(done)["success"], done.stderr)
            hook.setblocking(False)
            try:
                check(False, f"an event without credit: {hook.recv(1024)}")
            except BlockingIOError:
                pass


def test_a_gateway_without_mixnet_mode_refuses(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world, gateway__modes="dvpn")
        key = make_key(world, "mixnet.key")
        done = register(world, identity, key, check_status=False)
        check(done.returncode == 5, f"exit status {done.returncode}: {done.stderr}")
        check("Registration mode not enabled" in done.stdout + done.stderr, done.stderr)
