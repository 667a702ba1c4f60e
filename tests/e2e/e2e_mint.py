# SPDX-License-Identifier: Apache-2.0
"""`lewes-mint` as its operator and its users meet it: on the command line and over HTTP."""
import http.client
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time

PAYEE = "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi"  # any 32 bytes in base58
TYPE = "wg-entry"
DEADLINE = 20


def check(truth, text):
    if not truth:
        raise AssertionError(text)


class Mint:
    """A mint in a directory of its own, and the user's files beside it."""

    def __init__(self, programs):
        self.program = f"{programs}/lewes-mint"
        self.folder = tempfile.mkdtemp(prefix="lewes-mint-")
        self.server = None

    def __enter__(self):
        self.run("keygen")
        self.line = self.run("epoch", "add", "1").stdout
        return self

    def __exit__(self, *_):
        if self.server and self.server.poll() is None:
            self.server.kill()
            self.server.wait()
        shutil.rmtree(self.folder)

    def path(self, name):
        return f"{self.folder}/{name}"

    def run(self, *words, code=0, bare=False):
        where = [] if bare else ["--dir", self.path("mint")]
        done = subprocess.run([self.program, *words, *where], cwd=self.folder, text=True,
                              capture_output=True, check=False, timeout=60)
        check(done.returncode == code, f"{words}: {done.returncode}, not {code}: {done.stderr}")
        check(code == 0 or done.stderr or done.stdout, f"{words}: does not say why")
        return done

    def ledger(self):
        with open(self.path("mint/ledger"), encoding="ascii") as file:
            return file.read().splitlines()

    # ---- over HTTP ----

    def serve(self):
        self.server = subprocess.Popen(
            [self.program, "serve", "--listen", "127.0.0.1:0", "--dir", self.path("mint")],
            stderr=subprocess.PIPE, text=True)
        line = self.server.stderr.readline()
        while "listening on port" not in line:
            check(line, "the server ended")
            line = self.server.stderr.readline()
        self.port = int(line.rsplit(None, 1)[1])

    def stop(self, number=signal.SIGTERM):
        self.server.send_signal(number)
        said = self.server.stderr.read()
        self.server.wait(DEADLINE)
        return said

    def ask(self, method, path, body=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        headers = {} if token is None else {"Authorization": "Bearer " + token}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def order(self, name):
        """A new request of a new user, as the body of POST /v1/issue."""
        self.run("user", "new", "--out", f"{name}.user", bare=True)
        public = self.run("user", "show", f"{name}.user", bare=True).stdout.strip()
        self.run("request", "--user", f"{name}.user", "--type", TYPE, "--secret", f"{name}.secret",
                 "--out", f"{name}.request", bare=True)
        with open(self.path(f"{name}.request"), "rb") as file:
            request = file.read()
        expires = self.ask("GET", "/v1/key")[1]["expires"]
        return {"pk": public, "type": TYPE, "expires": expires, "request": request.hex()}

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)


def test_a_book_of_the_mint_pays_and_its_payment_is_verified(programs):
    with Mint(programs) as mint:
        mint.run("book", "--account", "alice", "--type", TYPE, "--out", "a.book")
        for name in ("a.book", "mint/secret", "mint/ledger"):
            mode = stat.S_IMODE(os.stat(mint.path(name)).st_mode)
            check(mode == 0o600, f"{name}: {mode:o}")
        check(len(mint.ledger()) == 1 and " account=alice " in mint.ledger()[0], mint.ledger())
        mint.run("spend", "--book", "a.book", "--payee", PAYEE, "--out", "first", bare=True)
        check(mint.run("verify", "first").stdout == "valid\n", "the first payment")
        mint.run("spend", "--book", "a.book", "--payee", PAYEE, "--unbound", "--out", "second",
                 bare=True)
        check(mint.run("verify", "second", code=1).stdout == "E_UNBOUND\n", "unbound")
        check(mint.run("verify", "second", "--accept-unbound").stdout == "valid\n", "unbound")
        shown = mint.run("show", "a.book", bare=True).stdout
        check("coins used   2 of 50" in shown, shown)
        check(mint.run("verify", "first", "--type", "wg-exit", code=1).stdout == "E_TYPE\n", "type")
        with open(mint.path("first"), "r+b") as file:
            file.seek(800)
            file.write(b"\1\2\3")
        check(mint.run("verify", "first", code=1).stdout == "E_PROOF\n", "a forged payment")


def test_a_book_is_used_up_after_fifty_payments(programs):
    with Mint(programs) as mint:
        mint.run("book", "--account", "alice", "--type", TYPE, "--out", "a.book")
        for _ in range(50):
            mint.run("spend", "--book", "a.book", "--payee", PAYEE, "--out", "p", bare=True)
        mint.run("spend", "--book", "a.book", "--payee", PAYEE, "--out", "p", code=1, bare=True)


def test_a_payment_that_cannot_be_written_costs_its_coin(programs):
    with Mint(programs) as mint:
        mint.run("book", "--account", "alice", "--type", TYPE, "--out", "a.book")
        mint.run("spend", "--book", "a.book", "--payee", PAYEE, "--out", "no/such/folder", code=3,
                 bare=True)
        check("coins used   1 of 50" in mint.run("show", "a.book", bare=True).stdout, "the coin")


def test_what_the_mint_refuses_on_the_command_line(programs):
    with Mint(programs) as mint:
        mint.run("keygen", code=1)
        mint.run("keygen", "--threshold", "2", "--of", "3", code=1)
        mint.run("epoch", "add", "1", code=1)
        mint.run("epoch", "add", "x", code=2)
        mint.run("nothing", code=2, bare=True)
        mint.run("book", "--account", "a b", "--type", TYPE, "--out", "x", code=2)
        mint.run("book", "--account", "a", "--type", "gold", "--out", "x", code=2)
        mint.run("account", "add", "carol", "--books-per-day", "1")
        mint.run("account", "add", "carol", code=1)
        mint.run("book", "--account", "carol", "--type", TYPE, "--out", "x")
        mint.run("book", "--account", "carol", "--type", TYPE, "--out", "x", code=1)
        mint.run("book", "--account", "carol", "--type", TYPE, "--out", "y", code=1)
        check(not os.path.exists(mint.path("y")) and len(mint.ledger()) == 1, "a book too many")
        os.chmod(mint.path("mint/secret"), 0o644)
        mint.run("coins", "--out", "c", code=3)
        os.chmod(mint.path("mint/secret"), 0o600)
        os.chmod(mint.path("x"), 0o644)
        mint.run("spend", "--book", "x", "--payee", PAYEE, "--out", "-", code=3, bare=True)
        mint.run("serve", "--listen", "0.0.0.0:0", code=2)


def test_a_new_key_is_in_force_with_its_epoch(programs):
    with Mint(programs) as mint:
        mint.run("keygen", "--replace")
        mint.run("book", "--account", "a", "--type", TYPE, "--out", "x", code=3)
        line = mint.run("epoch", "add", "2", "--from", "2026-01-01").stdout
        check(line.startswith("epoch 2 vk ") and line.endswith(" from 2026-01-01\n"), line)
        mint.run("book", "--account", "a", "--type", TYPE, "--out", "x")
        check("epoch        2" in mint.run("show", "x", bare=True).stdout, "the epoch")


def test_a_user_withdraws_over_http(programs):
    with Mint(programs) as mint:
        token = mint.run("account", "add", "alice", "--books-per-day", "2").stdout.strip()
        with open(mint.path("mint/accounts"), encoding="ascii") as file:
            check(token not in file.read(), "the token stands in a file")
        mint.serve()
        order = mint.order("u")
        status, answer = mint.ask("POST", "/v1/issue", json.dumps(order), token)
        check(status == 200 and answer["epoch"] == 1 and answer["type"] == TYPE, answer)
        again = mint.ask("POST", "/v1/issue", json.dumps(order), token)
        check(again == (200, answer), "the same request, another answer")
        check(len(mint.ledger()) == 1, "the same request stands twice in the ledger")
        key = mint.ask("GET", "/v1/key")[1]
        check(mint.line == f"epoch 1 vk {key['vk']}\n", key)
        dates = mint.ask("GET", "/v1/dates?expires=" + order["expires"])[1]["signatures"]
        coins = mint.ask("GET", "/v1/coins")[1]["signatures"]
        check((len(dates), len(coins)) == (7, 50), "signatures")
        mint.write("keys", mint.line.encode())
        mint.write("blind", bytes.fromhex(answer["blind"]))
        mint.write("dates", bytes.fromhex("".join(dates)))
        mint.write("coins", bytes.fromhex("".join(coins)))
        mint.run("finish", "--secret", "u.secret", "--blind", "blind", "--dates", "dates",
                 "--coins", "coins", "--key", "keys", "--out", "u.book", bare=True)
        mint.run("spend", "--book", "u.book", "--payee", PAYEE, "--out", "p", bare=True)
        check(mint.run("verify", "p", "--key", "keys", bare=True).stdout == "valid\n", "payment")
        said = mint.stop()
        check(mint.server.returncode == 0, said)
        check("POST /v1/issue 200 alice" in said and token not in said, said)
        check(order["pk"] not in said and order["request"] not in said, said)


def test_limits_are_counted_from_the_ledger_also_after_a_restart(programs):
    with Mint(programs) as mint:
        token = mint.run("account", "add", "alice", "--books-per-day", "2").stdout.strip()
        mint.serve()
        orders = [json.dumps(mint.order(name)) for name in ("a", "b", "c")]
        first = mint.ask("POST", "/v1/issue", orders[0], token)
        check(first[0] == 200, first)
        mint.stop(signal.SIGKILL)
        mint.serve()
        check(mint.ask("POST", "/v1/issue", orders[0], token) == first, "after a restart")
        check(mint.ask("POST", "/v1/issue", orders[1], token)[0] == 200, "the second book")
        status, answer = mint.ask("POST", "/v1/issue", orders[2], token)
        check(status == 429 and answer["error"] == "limit", answer)
        check(len(mint.ledger()) == 2, "a line too many")
        other = mint.run("account", "add", "bob").stdout.strip()
        check(mint.ask("POST", "/v1/issue", orders[0], other)[0] == 409, "another's request")
        check(mint.ask("POST", "/v1/issue", orders[2], other)[0] == 200, "another account")
        mint.run("account", "remove", "bob")
        check(mint.ask("POST", "/v1/issue", orders[2], other)[0] == 401, "a removed account")
        mint.stop()


def test_bad_requests_are_refused_and_the_server_lives(programs):
    with Mint(programs) as mint:
        token = mint.run("account", "add", "alice").stdout.strip()
        mint.serve()
        good = mint.order("u")
        body = json.dumps(good)
        check(mint.ask("POST", "/v1/issue", body)[0] == 401, "no token")
        for bad in (token[:-1], token + "0", token.upper(), "", "x" * 300):
            check(mint.ask("POST", "/v1/issue", body, bad)[0] == 401, f"token {bad}")
        wrong = ["", "{", "[]", "null", "\0" * 100, body[:-1], body + "x",
                 json.dumps({**good, "more": 1}), json.dumps({**good, "pk": good["pk"][2:]}),
                 json.dumps({**good, "type": 2}), json.dumps({**good, "type": "gold"}),
                 json.dumps({**good, "expires": "2026-02-30"}),
                 json.dumps({**good, "expires": "2030-01-01"}),
                 json.dumps({**good, "type": "wg-exit"}),
                 json.dumps({**good, "pk": "c0" + "00" * 47}),
                 json.dumps({**good, "request": "00" * 397}), '{"pk": ' * 400]
        for text in wrong:
            status, answer = mint.ask("POST", "/v1/issue", text, token)
            check(status == 400 and answer["message"], f"{text[:40]}: {status}")
        check(mint.ask("POST", "/v1/issue", "x" * 20000, token)[0] == 413, "a huge body")
        # Without a length, http.client sends chunks.
        check(mint.ask("POST", "/v1/issue", iter([b"x" * 3000] * 20), token)[0] == 413, "chunks")
        for path in ("/v1/dates", "/v1/dates?expires=x", "/v1/dates?expires=2020-01-01"):
            check(mint.ask("GET", path)[0] == 400, path)
        check(mint.ask("GET", "/v1/issue")[0] == 405 and mint.ask("GET", "/")[0] == 404, "paths")
        check(mint.ask("DELETE", "/v1/key")[0] == 405, "a method")
        check(not mint.ledger(), "a line for nothing")
        for noise in (b"\r\n\r\n", b"GET " + b"x" * 100000, b"\x16\x03\x01" * 50):
            with socket.create_connection(("127.0.0.1", mint.port), DEADLINE) as connection:
                connection.sendall(noise)
        check(mint.ask("POST", "/v1/issue", body, token)[0] == 200, "the good one")
        mint.stop()
        check(mint.server.returncode == 0, "the end")


def test_idle_connections_do_not_keep_others_out(programs):
    with Mint(programs) as mint:
        mint.serve()
        idle = [socket.create_connection(("127.0.0.1", mint.port), DEADLINE) for _ in range(80)]
        deadline = time.monotonic() + 2 * DEADLINE
        while True:
            try:
                if mint.ask("GET", "/v1/key")[0] == 200:
                    break
            except (OSError, http.client.HTTPException):
                check(time.monotonic() < deadline, "nobody gets in")
        for connection in idle:
            connection.close()
        mint.stop()


def test_a_damaged_ledger_is_said(programs):
    with Mint(programs) as mint:
        for number in range(3):
            mint.run("book", "--account", "a", "--type", TYPE, "--out", f"{number}.book")
        lines = mint.ledger()
        with open(mint.path("mint/ledger"), "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n" + lines[0][:200])
        said = mint.run("book", "--account", "a", "--type", TYPE, "--out", "3.book").stderr
        check("cut off" in said and mint.ledger()[:3] == lines and len(mint.ledger()) == 4, said)
        lines = mint.ledger()
        with open(mint.path("mint/ledger"), "w", encoding="ascii") as file:
            file.write("\n".join([lines[0].replace("account=a", "account=b"), *lines[1:]]) + "\n")
        said = mint.run("book", "--account", "a", "--type", TYPE, "--out", "4.book", code=3).stderr
        check("line 1" in said, said)


def exported(container, day):
    """The line that a gateway exports for a bound payment (ecash.md 5, registration.md 4)."""
    payment, pay_info = container[:1190], container[1191:1263]
    return json.dumps({
        "serial": payment[589:637].hex(), "tag": payment[639:687].hex(),
        "pay_info": pay_info.hex(), "epoch": 1, "type": payment[787],
        "payee": pay_info[40:].hex(), "payment": payment.hex(), "spend_date": day}) + "\n"


def test_settlement_names_the_account_that_spent_a_coin_twice(programs):
    with Mint(programs) as mint:
        now = int(time.time())
        day = now - now % 86400
        lines = []
        for account in ("alice", "bob"):
            mint.run("book", "--account", account, "--type", TYPE, "--at", str(now),
                     "--out", account)
        shutil.copy(mint.path("bob"), mint.path("copy"))
        for book in ("alice", "alice", "bob", "copy"):
            mint.run("spend", "--book", book, "--payee", PAYEE, "--at", str(now), "--out", "p",
                     bare=True)
            with open(mint.path("p"), "rb") as file:
                lines.append(exported(file.read(), day))
        mint.write("one", "".join(lines[:3]).encode())
        mint.write("two", (lines[0] + lines[2]).encode())
        honest = mint.run("settle", "one", "two").stdout
        check(f"payee {PAYEE} type {TYPE} tickets 3\n" in honest, honest)
        check(honest.endswith("valid 3 replays 2 refused 0 double-spent 0\n"), honest)
        mint.write("three", lines[3].encode() + b"x" * 20000 + b"\n{}\n")
        told = mint.run("settle", "three", "one", "--json", code=1).stdout
        told = [json.loads(line) for line in told.splitlines()]
        check(told[-1] == {"valid": 4, "replays": 0, "refused": 2, "double_spent": 1}, told)
        check(told[1]["accounts"] == ["bob"] and told[1]["payees"] == [PAYEE, PAYEE], told)
        shown = mint.run("show", "bob", bare=True).stdout
        check(told[1]["pk"] in shown, told)
