# SPDX-License-Identifier: Apache-2.0
"""Real tickets: from the mint into the client's books, to gateways that verify them."""
import json
import os
import shutil
import sys
import time

import two_hops as two
import world as w
from e2e_register import MEMORY, json_of, make_key
from e2e_tunnel import check
from mint import DAY, MIXNET_ENTRY, WG_ENTRY, WG_EXIT, Mint

WORTH = 500_000_000  # bytes, of a wg ticket


def strict_gateway(world, mint, **changes):
    config = world.config(**MEMORY, **mint.settings(), **changes)
    world.lewesd(config)
    world.pay = []
    return world.identity(config)


def listed(world):
    told = json.loads(world.lewes("ticket", "list", "--json").stdout)
    check(not told["faults"], str(told))
    return told["books"]


def left(world, kind=WG_ENTRY):
    return [book["left"] for book in listed(world) if book["type"] == kind]


def no_ticket(world, identity, *words, arguments=()):
    """A registration that ends before any connection, and says why."""
    done = world.register(identity, "--json", *arguments, check=False)
    told = json_of(done)
    check(done.returncode == 1 and told["class"] == "before spend", f"{done.returncode}: {told}")
    check(told["attempts"] == 0, str(told))
    for word in (*words, "lewes ticket import"):
        check(word in told["error"], f"{word!r} is not in: {told['error']}")


def test_real_tickets_pay_and_each_gives_its_credit(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        identity = strict_gateway(world, mint)
        mint.take_in(WG_ENTRY)
        check(left(world) == [50], str(listed(world)))
        first = json_of(world.register(identity, "--json", "--wg-key", make_key(world)))
        check(first["success"] and first["bandwidth"] == WORTH, str(first))
        check(left(world) == [49], str(listed(world)))
        other = make_key(world, "other")
        second = json_of(world.register(identity, "--json", "--wg-key", other))
        check(second["bandwidth"] == WORTH and second["ipv4"] != first["ipv4"], str(second))
        check(second["serial"] != first["serial"], "one ticket for two")
        again = json_of(world.register(identity, "--json", "--wg-key", other))
        check(again["known"] and left(world) == [48], "a ticket for what was paid")


def test_a_ticket_that_was_paid_before_is_refused(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        identity = strict_gateway(world, mint)
        book = mint.book(WG_ENTRY)
        backup = shutil.copy2(book, os.path.join(world.folder, "backup.book"))
        paid = json_of(world.register(identity, "--json", "--book", book,
                                      "--wg-key", make_key(world)))
        check(paid["success"], str(paid))
        for _ in range(2):
            os.chmod(backup, 0o600)
            copy = shutil.copy2(backup, os.path.join(world.folder, "copy.book"))
            done = world.register(identity, "--json", "--book", copy, check=False)
            told = json_of(done)
            check(done.returncode == 5 and told["class"] == "rejected", str(told))
            check("already spent" in told["error"] and told["coin"] == "lost", str(told))
        good = json_of(world.register(identity, "--json", "--book", book,
                                      "--wg-key", make_key(world, "third")))
        check(good["success"] and good["bandwidth"] == WORTH, str(good))


def test_who_pays_a_coin_twice_is_named_at_the_settlement(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        config = world.config(**MEMORY, **mint.settings())
        world.lewesd(config)
        world.pay = []
        identity = world.identity(config)
        book = mint.book(WG_ENTRY)
        backup = shutil.copy2(book, os.path.join(world.folder, "backup.book"))
        for path, fine in ((book, True), (backup, False)):
            key = make_key(world, "first" if fine else "second")
            told = json_of(world.register(identity, "--json", "--book", path, "--wg-key", key,
                                          check=False))
            check(told["success"] is fine, str(told))
        exported = os.path.join(world.folder, "exported")
        with open(exported, "w", encoding="ascii") as file:  # while lewesd runs
            file.write(world.run(world.gateway, [f"{programs}/lewesd", "--config", config,
                                                 "--export"]).stdout)
        done = mint.call("settle", exported, "--dir", mint.folder, check=False)
        check("valid 2 replays 0 refused 0 double-spent 1" in done.stdout, done.stdout)
        check("account alice" in done.stdout, done.stdout)


def test_mock_tickets_and_those_of_another_mint_are_refused(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        identity = strict_gateway(world, mint)
        done = world.register(identity, "--json", "--ticket", "mock", check=False)
        check(done.returncode == 5, f"{done.returncode}: {done.stdout}")
        mint.call("keygen", "--dir", mint.folder, "--replace")
        mint.call("epoch", "add", "2", "--dir", mint.folder)  # the gateway has not read it
        mint.take_in(WG_ENTRY)
        done = world.register(identity, "--json", check=False)
        check(done.returncode == 5 and left(world) == [49], f"{done.returncode}: {done.stdout}")


def test_without_a_ticket_it_is_told_why_and_what_to_do(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        identity = strict_gateway(world, mint)
        no_ticket(world, identity, "there is no ticket book")
        mint.take_in(WG_EXIT)
        no_ticket(world, identity, "it takes a wg-entry ticket")
        old = mint.book(WG_ENTRY, at=time.time() - 10 * DAY)
        no_ticket(world, identity, "expired", arguments=("--book", old))
        done = world.lewes("ticket", "import", old, check=False)
        check(done.returncode == 3 and "it has expired on" in done.stderr, done.stderr)
        used = mint.book(WG_ENTRY)
        for _ in range(50):
            mint.call("spend", "--book", used, "--payee", identity, "--out",
                      f"{world.folder}/paid")
        no_ticket(world, identity, "all wg-entry tickets are used", arguments=("--book", used))
        done = world.register(identity, "--book", f"{world.folder}/none.book", check=False)
        check(done.returncode == 3 and "No such file" in done.stderr, done.stderr)


def test_a_book_that_was_taken_in_is_not_used_in_place(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        identity = strict_gateway(world, mint)
        book = mint.book(WG_ENTRY)
        world.lewes("ticket", "import", book)
        done = world.register(identity, "--book", book, check=False)
        check(done.returncode == 3 and "has been taken in" in done.stderr, done.stderr)
        again = world.lewes("ticket", "import", book)
        check("taken in before" in again.stdout and left(world) == [50], again.stdout)


def test_books_are_listed_and_shown_and_faults_are_named(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        mint.take_in(WG_ENTRY, MIXNET_ENTRY)
        books = listed(world)
        check(sorted(b["type"] for b in books) == [MIXNET_ENTRY, WG_ENTRY], str(books))
        check(all(b["state"] == "usable" and b["epoch"] == 1 for b in books), str(books))
        name = books[0]["file"]
        path = f"{world.folder}/data/lewes/books/{name}"
        shown = json.loads(world.lewes("ticket", "show", "--json", name).stdout)
        check(shown["good"] and shown["left"] == 50 and set(shown) == {*books[0], "good"},
              str(shown))
        check(books[0]["expires"] in world.lewes("ticket", "show", path).stdout, "no date")
        os.chmod(path, 0o644)
        done = world.lewes("ticket", "list", check=False)
        check(done.returncode == 3 and name in done.stderr and "chmod 600" in done.stderr,
              done.stderr)
        check("50/50" in done.stdout, done.stdout)
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.truncate(4000)
        told = json.loads(world.lewes("ticket", "list", "--json", check=False).stdout)
        check(told["faults"][0]["file"] == name and len(told["books"]) == 1, str(told))


def test_two_hops_take_a_ticket_of_each_type(programs):
    with two.TwoHopWorld(programs) as world:
        mint = Mint(world)
        exit_identity, _ = world.start_exit(**mint.settings())
        entry, _ = world.start_entry(exit_identity, **mint.settings())
        world.pay = []
        mint.take_in(WG_ENTRY)
        done = world.register_both(entry, exit_identity, check=False)
        check(done.returncode == 1 and "wg-exit" in done.stderr, f"{done.returncode} {done.stderr}")
        check(left(world) == [50], "a ticket for an entry that leads nowhere")
        mint.take_in(WG_EXIT)
        told = json_of(world.register_both(entry, exit_identity, "--json"))
        check(told["entry"]["bandwidth"] == told["exit"]["bandwidth"] == WORTH, str(told))
        check(left(world) == [49] and left(world, WG_EXIT) == [49], str(listed(world)))
        world.tunnels_up()
        check(world.ping(two.HOST_V4, 3), "the tunnels that were paid for do not carry")


# ---- withdrawing ---------------------------------------------------------------------------------

def forgetful_relay(world, port):
    """Lets one request for a book through to the mint and loses the answer; then all answers."""
    path = os.path.join(world.folder, "forgetful.py")
    with open(path, "w", encoding="ascii") as file:
        file.write(f'''
import socket
listener = socket.create_server(("127.0.0.1", 0))
print("relay", listener.getsockname()[1], flush=True)
lose = True
while True:
    client, _ = listener.accept()
    mint = socket.create_connection(("127.0.0.1", {port}))
    request = b""
    while b"\\r\\n\\r\\n" not in request:
        request += client.recv(65536)
    head, body = request.split(b"\\r\\n\\r\\n", 1)
    size = [int(x.split(b":")[1]) for x in head.split(b"\\r\\n")
            if x.lower().startswith(b"content-length")] or [0]
    while len(body) < size[0]:
        body += client.recv(65536)
    mint.sendall(head.replace(b"\\r\\n", b"\\r\\nConnection: close\\r\\n", 1)
                 + b"\\r\\n\\r\\n" + body)
    answer = b""
    while data := mint.recv(65536):
        answer += data
    if lose and head.startswith(b"POST"):
        lose = False
    else:
        client.sendall(answer)
    client.close()
''')
    process = world.start(world.client, [sys.executable, "-u", path])
    return process.wait_line("relay").split()[-1]


def serve(world, mint, limit=4):
    """Starts the mint's server beside the client; returns its port and the token's file."""
    token = os.path.join(world.folder, "token")
    with open(token, "w", encoding="ascii") as file:
        os.chmod(token, 0o600)
        file.write(mint.call("account", "add", "bob", "--books-per-day", str(limit),
                             "--dir", mint.folder).stdout)
    server = world.start(world.client, [f"{world.programs}/lewes-mint", "serve", "--dir",
                                        mint.folder, "--listen", "127.0.0.1:0"])
    return server.wait_line("listening on port").split()[-1], token


def withdraw(world, port, token, kind=WG_ENTRY, **options):
    return world.lewes("ticket", "withdraw", "--mint", f"http://127.0.0.1:{port}",
                       "--token-file", token, "--type", kind, check=False, **options)


def test_a_book_that_was_withdrawn_pays(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        identity = strict_gateway(world, mint)
        port, token = serve(world, mint)
        done = withdraw(world, port, token,
                        environment={"http_proxy": "http://127.0.0.1:9"})  # would see the token
        check(done.returncode == 0 and "50 wg-entry tickets until" in done.stdout, done.stderr)
        told = json_of(world.register(identity, "--json"))
        check(told["bandwidth"] == WORTH and left(world) == [49], str(told))
        check(set(os.path.splitext(x)[1] for x in os.listdir(f"{world.folder}/data/lewes/books"))
              == {".book", ".lock"}, "a request is left over")


def test_a_book_whose_answer_was_lost_is_charged_once(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        port, token = serve(world, mint, limit=1)
        relay = forgetful_relay(world, port)
        lost = withdraw(world, relay, token)
        check(lost.returncode == 1 and "run the same command" in lost.stderr.lower(), lost.stderr)
        check(listed(world) == [], "a book without an answer")
        other = withdraw(world, port, token)
        check(other.returncode == 2 and "go on with it first" in other.stderr, other.stderr)
        good = withdraw(world, relay, token)
        check(good.returncode == 0 and left(world) == [50], good.stderr)
        more = withdraw(world, relay, token)
        check(more.returncode == 1 and "tomorrow" in more.stderr, more.stderr)


def test_a_withdrawal_that_fails_says_what_to_do(programs):
    with w.World(programs) as world:
        mint = Mint(world)
        port, token = serve(world, mint)
        away = withdraw(world, 9, token)
        check(away.returncode == 1 and "cannot be reached" in away.stderr, away.stderr)
        os.chmod(token, 0o644)
        shown = withdraw(world, port, token)
        check(shown.returncode == 3 and "chmod 600" in shown.stderr, shown.stderr)
        os.chmod(token, 0o600)
        with open(token, "w", encoding="ascii") as file:
            file.write("0" * 64 + "\n")
        wrong = withdraw(world, port, token)
        check(wrong.returncode == 5 and "no account has this token" in wrong.stderr, wrong.stderr)
        check(listed(world) == [], "a book for nobody")
