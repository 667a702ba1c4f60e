# SPDX-License-Identifier: Apache-2.0
"""`lewes register` as a user and as a script meets it."""
import json
import os
import stat
import sys

import two_hops as two
import world as w
from e2e_tunnel import check

MEMORY = {"wireguard__backend": "memory"}


def memory_gateway(world, **changes):
    config = world.config(**MEMORY, **changes)
    daemon = world.lewesd(config)
    return world.identity(config), daemon


def make_key(world, name="wg.client"):
    path = os.path.join(world.folder, name)
    text = world.run(world.client, [f"{world.programs}/lewes", "genkey"]).stdout
    with open(path, "w", encoding="ascii") as file:
        os.chmod(path, 0o600)
        file.write(text)
    return path


def json_of(done):
    lines = done.stdout.splitlines()
    check(len(lines) == 1, f"not one line of JSON: {done.stdout!r} {done.stderr!r}")
    return json.loads(lines[0])


def test_json_tells_the_tunnel_and_the_times(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        told = json_of(world.register(identity, "--json"))
        check(told["success"] and told["class"] is None and told["error"] is None, str(told))
        check(told["endpoint"] == f"{w.GATEWAY_V4}:51822", told["endpoint"])
        check(told["bandwidth"] == 500_000_000, str(told["bandwidth"]))
        check(told["kem"] == "x25519" and told["pq_handshake"] is False, str(told))
        check(set(told["milliseconds"]) == {"connect", "handshake", "pay", "register"}, str(told))
        with open(world.profile(), encoding="ascii") as file:
            profile = file.read()
        check(f"Address = {told['ipv4']}/32, {told['ipv6']}/128" in profile, profile)
        secret = [x for x in profile.splitlines() if x.startswith("PrivateKey")][0].split()[-1]
        check(secret not in json.dumps(told), "the private key is in the JSON")


def test_the_same_key_comes_back_to_the_same_addresses(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        key = make_key(world)
        first = json_of(world.register(identity, "--json", "--wg-key", key))
        kept = key + ".lewes"
        check(stat.S_IMODE(os.stat(kept).st_mode) == 0o600, "the identity file is not private")
        second = json_of(world.register(identity, "--json", "--wg-key", key, "--top-up"))
        other = json_of(world.register(identity, "--json", "--wg-key", make_key(world, "other")))
        check(first["ipv4"] == second["ipv4"] and first["ipv6"] == second["ipv6"], "moved")
        check(first["ipv4"] != other["ipv4"], "two keys share an address")
        with open(kept, encoding="ascii") as file:
            check(len(file.read().splitlines()) == 1, "a second identity for one gateway")


def test_leases_survive_a_restart(programs):
    with w.World(programs) as world:
        identity, daemon = memory_gateway(world)
        key = make_key(world)
        first = json_of(world.register(identity, "--json", "--wg-key", key))
        daemon.signal(w.signal.SIGTERM)
        check(daemon.finish() == 0, daemon.text())
        memory_gateway(world)
        second = json_of(world.register(identity, "--json", "--wg-key", key, "--top-up"))
        check(first["ipv4"] == second["ipv4"], "the address changed over a restart")


def test_failures_before_the_ticket_leaves_have_status_1(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        closed = world.register(identity, "--json", host=f"{w.GATEWAY_V4}:9", check=False)
        check(closed.returncode == 1, closed.stderr)
        told = json_of(closed)
        check(told["class"] == "before spend" and told["step"] == "connect", str(told))
        wrong = world.register(other_identity(world), "--json", check=False)
        check(wrong.returncode == 1, wrong.stderr)
        told = json_of(wrong)
        check(told["step"] == "handshake" and told["class"] == "before spend", str(told))
        check(not os.path.exists(world.profile()), "a failed registration left a profile")


def other_identity(world):
    """The identity of a gateway that is not running."""
    config = world.config(**MEMORY)
    folder = os.path.join(world.folder, "elsewhere")
    os.mkdir(folder)
    return world.run(world.gateway, [
        f"{world.programs}/lewesd", "--config", config, "--set",
        f"gateway.identity_file={folder}/identity.key", "--identity"]).stdout.strip()


def test_a_gateway_that_falls_silent_after_the_request_gives_status_4(programs):
    with w.World(programs) as world:
        identity, daemon = memory_gateway(world)
        # A relay in the client's namespace that lets the handshake through and then nothing back.
        relay = world.start(world.client, [sys.executable, "-u", relay_program(world),
                                           w.GATEWAY_V4, "41264", "5"])
        port = relay.wait_line("relay").split()[-1]
        done = world.register(identity, "--json", "--registration-timeout", "1", "--tries", "1",
                              host=f"127.0.0.1:{port}", check=False)
        check(done.returncode == 4, f"{done.returncode}: {done.stderr}")
        told = json_of(done)
        check(told["class"] == "maybe spent" and told["step"] == "register", str(told))
        check(os.path.exists(world.profile() + ".key"), "the key of the ticket is lost")
        again = world.register(identity, "--json")
        told = json_of(again)
        check(told["repeated"] and told["bandwidth"] == 500_000_000, str(told))
        check("did not come to its end" in again.stderr, again.stderr)
        check(not os.path.exists(world.profile() + ".key"), "the key is in two places")


def test_a_tunnel_that_is_paid_for_is_known_without_the_gateway(programs):
    with w.World(programs) as world:
        identity, daemon = memory_gateway(world)
        key = make_key(world)
        first = json_of(world.register(identity, "--json", "--wg-key", key))
        os.unlink(world.profile())
        daemon.signal(w.signal.SIGTERM)
        check(daemon.finish() == 0, daemon.text())
        second = json_of(world.register(identity, "--json", "--wg-key", key))
        check(second["known"] and not first["known"] and second["attempts"] == 0, str(second))
        check(first["ipv4"] == second["ipv4"] and os.path.exists(world.profile()), str(second))
        for more in (("--top-up",), ("--no-journal",)):
            done = world.register(identity, "--wg-key", key, "--tries", "1", *more, check=False)
            check(done.returncode == 1, f"{more}: {done.stderr}")


def test_a_description_makes_the_handshake_post_quantum_and_pins_it(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        done = world.register(identity, "--json", "--require-pq", check=False)
        check(done.returncode == 1 and json_of(done)["attempts"] == 0, done.stderr)
        info = world.describe(f"{world.folder}/lewesd.conf")
        for kem in ("xwing", "mlkem768", "x25519"):
            for trips in (3, 2):  # then the key is known
                told = json_of(world.register(identity, "--json", "--gateway-info", info,
                                              "--kem", kem))
                check(told["kem"] == kem and told["key_pinned"], str(told))
                check(told["pq_handshake"] == (kem != "x25519"), str(told))
                check(told["round_trips"] == (2 if kem == "x25519" else trips), str(told))
        told = json_of(world.register(identity, "--json", "--gateway-info", info, "--require-pq"))
        check(told["kem"] == "xwing" and told["pq_handshake"], str(told))


def test_a_description_that_is_not_the_gateways_stops_everything(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        info = world.describe(f"{world.folder}/lewesd.conf")
        nobody = f"{w.GATEWAY_V4}:9"  # a connection would fail with status 1
        with open(info, encoding="ascii") as file:
            text = file.read()
        told = json.loads(text)
        other = "A" if told["signed_signature"][9] != "A" else "B"
        broken = told["signed_signature"][:9] + other + told["signed_signature"][10:]
        for words, content in (("not signed", text.replace(told["signed_signature"], broken)),
                               ("not a gateway's", text[:-20]), ("too long", text + " " * 70000)):
            with open(info, "w", encoding="ascii") as file:
                file.write(content)
            done = world.register(identity, "--gateway-info", info, host=nobody, check=False)
            check(done.returncode == 3 and words in done.stderr, f"{words}: {done.stderr}")
        done = world.register(identity, "--gateway-info", "/nonexistent", host=nobody, check=False)
        check(done.returncode == 3, done.stderr)


def strip(world, path):
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, f"others may read {path}")
    stripped = world.run(world.client, ["wg-quick", "strip", path]).stdout
    check("PrivateKey" in stripped and "AllowedIPs" in stripped, stripped)
    check("Address" not in stripped, stripped)  # wg-quick has understood it


def test_wg_quick_takes_the_profiles_and_nobody_else_may_read_them(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        os.umask(0o022)
        world.register(identity, "--dns", "192.0.2.53,2001:db8::53")
        strip(world, world.profile())
    with two.TwoHopWorld(programs) as world:
        exit_identity, _ = world.start_exit()
        entry, _ = world.start_entry(exit_identity)
        told = json_of(world.register_both(entry, exit_identity, "--json"))
        strip(world, world.entry_profile())
        strip(world, world.profile())
        check(told["success"] and told["exit"]["endpoint"] != told["entry"]["endpoint"], str(told))
        check(told["exit"]["profile"] == world.profile(), str(told))
        check(told["entry"]["profile"] == world.entry_profile(), str(told))


def test_mixnet_mode_registers_a_key_and_gives_the_sphinx_key(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        mixnet = ("--mode", "mixnet", "--mixnet-key", make_key(world))
        done = world.register(identity, *mixnet, out=False)
        lines = dict(line.split() for line in done.stdout.splitlines())
        check(set(lines) == {"identity", "sphinx_key"}, done.stdout)
        told = json_of(world.register(identity, "--json", *mixnet, out=False))
        check(told["known"] and told["sphinx_key"] == lines["sphinx_key"], str(told))
        check(told["bandwidth"] == 200_000_000 and "endpoint" not in told, str(told))


def test_a_fallback_is_told_what_failed_and_may_replace_the_tunnel(programs):
    with w.World(programs) as world:
        identity = other_identity(world)
        report = os.path.join(world.folder, "report")
        command = f"env > {report}; echo heard"
        done = world.register(identity, "--tries", "1", "--fallback", command,
                              host=f"{w.GATEWAY_V4}:9", check=False)
        check(done.returncode == 0 and not done.stdout and "heard" in done.stderr, str(done))
        with open(report, encoding="utf-8") as file:
            told = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        check(told["LEWES_CLASS"] == "before spend" and told["LEWES_STEP"] == "connect", str(told))
        check(told["LEWES_HOP"] == "entry" and told["LEWES_GATEWAY"] == identity, str(told))
        check("LEWES_COIN" not in told and "refused" in told["LEWES_ERROR"], str(told))
        done = world.register(identity, "--tries", "1", "--json", "--fallback", "exit 7",
                              host=f"{w.GATEWAY_V4}:9", check=False)
        check(done.returncode == 1 and json_of(done)["fell_back"] is False, str(done))


def relay_program(world):
    """Passes frames both ways until it has seen N of them from the client; keeps the answer."""
    path = os.path.join(world.folder, "relay.py")
    with open(path, "w", encoding="ascii") as file:
        file.write('''
import socket, sys
def frame(s):
    head = s.recv(4, socket.MSG_WAITALL)
    return head + s.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL) if head else b""
listener = socket.create_server(("127.0.0.1", 0))
print("relay", listener.getsockname()[1])
client, _ = listener.accept()
gateway = socket.create_connection((sys.argv[1], int(sys.argv[2])))
last = int(sys.argv[3])
for number in range(1, last + 1):
    data = frame(client)
    if not data:
        break
    gateway.sendall(data)
    answer = frame(gateway)
    if number < last:
        client.sendall(answer)
client.recv(1)
''')
    return path


def test_usage_and_local_faults_have_their_own_status(programs):
    with w.World(programs) as world:
        lewes = f"{world.programs}/lewes"
        identity = other_identity(world)

        def status(*argv):
            return world.run(world.client, [lewes, *argv], check=False)
        for argv in ((), ("nonsense",), ("register",), ("register", "--ticket", "mock"),
                     ("register", "--gateway", "abc@host", "--ticket", "mock"),
                     ("register", "--gateway", f"{identity}@[::1", "--ticket", "mock"),
                     ("register", "--gateway", f"{identity}@h:70000", "--ticket", "mock"),
                     ("register", "--gateway", f"{identity}@h", "--ticket", "gold"),
                     ("register", "--gateway", f"{identity}@h", "--ticket", "mock", "--json"),
                     ("register", "--gateway", f"{identity}@h", "--ticket", "mock", "--mtu", "1"),
                     ("register", "--gateway", f"{identity}@h", "--ticket", "mock", "more")):
            done = status(*argv)
            check(done.returncode == 2 and done.stderr and not done.stdout, f"{argv}: {done}")
        target = ("register", "--gateway", f"{identity}@127.0.0.1", "--ticket", "mock")
        done = status(*target, "--wg-key", "/nonexistent/key")
        check(done.returncode == 3 and "lewes genkey" in done.stderr, str(done))
        key = make_key(world)
        os.chmod(key, 0o644)
        done = status(*target, "--wg-key", key)
        check(done.returncode == 3 and "chmod 600" in done.stderr, str(done))
        for argv in (("--help",), ("--version",), ("register", "--help"), ("genkey", "--help")):
            check(status(*argv).returncode == 0, str(argv))


def test_a_profile_that_cannot_be_written_is_a_local_fault_after_success(programs):
    with w.World(programs) as world:
        identity, _ = memory_gateway(world)
        key = make_key(world)
        done = world.register(identity, "--json", "--wg-key", key, "--out",
                              os.path.join(world.folder, "nowhere", "x.conf"), out=False,
                              check=False)
        check(done.returncode == 3, f"{done.returncode}: {done.stderr}")
        told = json_of(done)
        check(told["success"] and told["local_error"] and told["profile"] is None, str(told))


def test_genkey_and_pubkey_agree_with_wg(programs):
    with w.World(programs) as world:
        lewes = f"{world.programs}/lewes"
        key = w.run([lewes, "genkey"]).stdout
        wg = w.run(["sh", "-c", f"echo {key.strip()} | wg pubkey"]).stdout
        ours = w.run(["sh", "-c", f"echo {key.strip()} | {lewes} pubkey"]).stdout
        check(wg == ours and len(ours) == 45, f"{wg!r} {ours!r}")


def test_ctrl_c_while_waiting_says_what_became_of_the_ticket(programs):
    with w.World(programs) as world:
        listener = world.start(world.client, [sys.executable, "-u", "-c", SILENT])
        port = listener.wait_line("silent").split()[-1]
        identity = other_identity(world)
        client = world.start(world.client, [
            f"{world.programs}/lewes", "register", "--gateway", f"{identity}@127.0.0.1:{port}",
            "--ticket", "mock", "--out", world.profile()])
        listener.wait_line("accepted")
        client.signal(w.signal.SIGINT)
        check(client.finish() == 1, client.text())
        check("no ticket was spent" in client.text(), client.text())


SILENT = '''
import socket
s = socket.create_server(("127.0.0.1", 0))
print("silent", s.getsockname()[1])
c, _ = s.accept()
c.recv(1)
print("accepted")
while c.recv(65536):
    pass
'''
