# SPDX-License-Identifier: Apache-2.0
"""`lewesd` as its operator meets it: start, stop, settings, and a long row of clients."""
import os
import signal
import sys

import world as w
from e2e_register import json_of, memory_gateway
from e2e_tunnel import check

REGISTRATIONS = 1000
WARM_UP = 200  # before the first look, so that caches and tables have their size


def test_a_second_lewesd_on_the_same_state_is_refused(programs):
    with w.World(programs) as world:
        memory_gateway(world)
        config = f"{world.folder}/lewesd.conf"
        second = world.lewesd(config, wait=False)
        check(second.finish() != 0, "a second lewesd started")
        check(second.text().strip(), "it did not say why")


def test_check_and_print_config_tell_the_operator(programs):
    with w.World(programs) as world:
        lewesd = f"{world.programs}/lewesd"
        config = world.config(wireguard__backend="memory")
        good = world.run(world.gateway, [lewesd, "--config", config, "--check"], check=False)
        check(good.returncode == 0, good.stderr)
        with open(config, "a", encoding="ascii") as file:
            file.write("[limits]\nmax_conections = 5\n")
        bad = world.run(world.gateway, [lewesd, "--config", config, "--check"], check=False)
        check(bad.returncode != 0 and "max_conections" in bad.stderr, bad.stderr)
        check(f"{config}:" in bad.stderr, f"no line number: {bad.stderr}")
        world.config(wireguard__backend="memory")
        printed = world.run(world.gateway, [lewesd, "--config", config, "--print-config", "--set",
                                            "limits.max_sessions=4000"]).stdout
        check("max_sessions" in printed and "4000" in printed, printed)


def test_mock_tickets_need_the_operators_word(programs):
    with w.World(programs) as world:
        config = world.config(wireguard__backend="memory", security__allow_mock="no")
        daemon = world.lewesd(config, wait=False)
        check(daemon.finish() != 0 and "allow_mock" in daemon.text(), daemon.text())


def test_a_reload_during_the_start_or_the_end_ends_nothing(programs):
    early = ("import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]); "
             "os.kill(os.getpid(), signal.SIGHUP); os.execv(sys.argv[1], sys.argv[1:])")
    with w.World(programs) as world:
        config = world.config(wireguard__backend="memory")
        daemon = world.start(world.gateway, [sys.executable, "-c", early,
                                             f"{world.programs}/lewesd", "--config", config])
        daemon.wait_line("settings are read at start only")
        daemon.signal(signal.SIGTERM)
        while daemon.child.poll() is None:
            daemon.signal(signal.SIGHUP)
        check(daemon.finish() == 0, daemon.text())


def resident(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def lease_kib(programs):
    """The sanitizer puts a guard around every block."""
    with open(f"{programs}/lewesd", "rb") as file:
        return 4 if b"__asan_init" in file.read() else 1


def test_a_thousand_registrations_leave_nothing_behind(programs):
    # A sanitized build keeps freed memory for a while; with a small store growth shows anyway.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    with w.World(programs) as world:
        identity, daemon = memory_gateway(world, limits__accept_rate="100000/s",
                                          limits__accept_burst="100000",
                                          limits__verify_rate="100000/s",
                                          limits__verify_burst="100000")
        seen, before = set(), None
        for number in range(REGISTRATIONS):
            if number == WARM_UP:
                before = (resident(daemon.pid), descriptors(daemon.pid))
            told = json_of(world.register(identity, "--json"))
            check(told["ipv4"] not in seen, f"{told['ipv4']} was given twice")
            seen.add(told["ipv4"])
            daemon.drain()
        after = (resident(daemon.pid), descriptors(daemon.pid))
        check(after[1] == before[1], f"descriptors: {before[1]} before, {after[1]} after")
        # A lease with its peer has a right to stay: 1 KiB each; and noise of the allocator.
        allowed = (REGISTRATIONS - WARM_UP) * lease_kib(programs) + 512
        check(after[0] - before[0] <= allowed, f"memory: {before[0]} KiB, then {after[0]} KiB")
        print(f"# {REGISTRATIONS - WARM_UP} more leases: {before[0]} KiB before, {after[0]} after")
        daemon.signal(w.signal.SIGTERM)
        check(daemon.finish() == 0, daemon.text())


def test_a_registration_waits_for_nobody_at_stop(programs):
    with w.World(programs) as world:
        _, daemon = memory_gateway(world, timeouts__drain="0s")
        idle = world.start(world.client, [sys.executable, "-u", "-c", IDLE % w.GATEWAY_V4])
        idle.wait_line("connected")
        daemon.signal(w.signal.SIGTERM)
        check(daemon.finish() == 0, daemon.text())
        idle.wait_line("closed")


IDLE = '''
import socket
s = socket.create_connection(("%s", 41264))
print("connected")
try:
    while s.recv(4096):
        pass
except ConnectionError:
    pass
print("closed")
'''
