# SPDX-License-Identifier: Apache-2.0
"""Makes a whole transcript again from its secrets, and compares every byte and every value."""

import struct

from . import curve, protocol, registration
from .protocol import HASHES, SUITES, Noise, Psq, Wrong

ROLES = {"client": "i", "gateway": "r"}
ORIGINAL_COUNTERS = {"client": 2, "gateway": 1}  # of the first encrypted packet, protocol.md 6
BACK_DATING = 300  # seconds, P36
LABELS = ("client-gateway", "client-exit")
DIRECTIONS = {"client-gateway": ("C->G", "G->C"), "gateway-exit": ("G->E", "E->G")}
# What a session is made from; everything else in it is computed and compared.
GIVEN = {"label", "receiver_index", "salt", "kkt_session_id", "kkt_hash", "refused_kems",
         "psq_time", "first_counters"}
GIVEN_OF_END = {"ed25519_seed", "noise_ephemeral_private", "kem_ephemeral_private",
                "kem_randomness", "kem", "kem_private"}
GIVEN_OF_SUBSESSION = {"subsession_index", "client_noise_ephemeral_private",
                       "gateway_noise_ephemeral_private", "new_receiver_index", "first_counters",
                       "initiator"}


def raw(text):
    if text.lower() != text:
        raise Wrong("hexadecimal text in upper case")
    return bytes.fromhex(text)


def compare(where, listed, computed, given):
    """Every value that is listed is one of those computed; those `given` are inputs."""
    for key, value in listed.items():
        if key in given:
            continue
        if key not in computed:
            raise Wrong(f"{where}: {key} is not a value that can be computed")
        if isinstance(value, dict):
            compare(f"{where}, {key}", value, computed[key], set())
        elif raw(value) != computed[key]:
            raise Wrong(f"{where}: {key} is {computed[key].hex()}")


class Channel:
    """Encrypted packets of one session: an index, an outer key, two directions."""

    def __init__(self, index, key, counters, transport_keys):
        self.index, self.key, self.counters = index, key, dict(counters)
        self.keys, self.nonces = dict(zip("ir", transport_keys)), {"i": 0, "r": 0}

    def packet(self, role, kind, body=b""):
        counter = self.counters[role]
        self.counters[role] += 1
        return protocol.outer(self.key, self.index, counter, kind, body)

    def data(self, role, plaintext):
        nonce = self.nonces[role]
        self.nonces[role] += 1
        return self.packet(role, protocol.DATA,
                           protocol.transport(self.keys[role], nonce, plaintext))


class Session:
    """All packets of one session, in pairs of a message and its answer."""

    def __init__(self, listed, clock, kkt_session_id):
        self.listed, self.clock = listed, clock
        self.client, self.gateway = listed["client"], listed["gateway"]
        self.index, self.salt = listed["receiver_index"], raw(listed["salt"])
        self.seeds = {end: raw(listed[end]["ed25519_seed"]) for end in ROLES}
        self.suite = SUITES[self.gateway["kem"]]
        self.session_id = raw(listed.get("kkt_session_id", kkt_session_id))
        self.original = "first_counters" not in listed
        counters = listed.get("first_counters", ORIGINAL_COUNTERS)
        self.counters = {ROLES[end]: int(value) for end, value in counters.items()}
        self.derive()
        self.converse()

    def randomness(self):
        return raw(self.client.get("kem_randomness") or self.client["kem_ephemeral_private"])

    def derive(self):
        private = {end: curve.convert_private(seed) for end, seed in self.seeds.items()}
        public = {end: curve.x25519_public(key) for end, key in private.items()}
        kem_private = raw(self.gateway["kem_private"])
        if self.suite.name == "X25519" and kem_private != private["gateway"]:
            raise Wrong("the KEM key of suite X25519 is not the identity's")
        self.kem_public = self.suite.public(kem_private)
        self.psq = Psq(self.suite, self.kem_public, self.randomness(),
                       struct.pack("<L", self.index))
        if self.psq.secret[1:] != self.suite.decapsulate(kem_private, self.psq.raw_ciphertext):
            raise Wrong("the KEM does not decapsulate")
        ecdh = curve.x25519(private["client"], public["gateway"])
        psk = protocol.final_psk(ecdh, self.psq.registration_psk, self.salt)
        self.outer_key = protocol.outer_key(psk)
        self.noise_keys = {"is": private["client"], "rs": private["gateway"], "psk": psk,
                           **{ROLES[end] + "e": raw(self.listed[end]["noise_ephemeral_private"])
                              for end in ROLES}}
        self.computed = {
            "static_ecdh": ecdh, "final_psk": psk, "outer_key": self.outer_key,
            "psq_kem_shared_secret_tagged": self.psq.secret, "psq_k0": self.psq.k0,
            "psq_component_K": self.psq.k, "psq_registration_psk": self.psq.registration_psk}
        self.ends = {end: {"ed25519_public": curve.ed25519_public(self.seeds[end]),
                           "x25519_private": private[end], "x25519_public": public[end]}
                     for end in ROLES}
        self.ends["gateway"]["kem_public"] = self.kem_public

    def psq_time(self):
        """The original's is its clock; ours is set back (P36)."""
        now = self.clock["unix_seconds"]
        if int.from_bytes(self.salt[:8], "little") != now:
            raise Wrong("the salt has another time than the clock")
        if self.original:
            return now, self.clock["milliseconds"]
        time = self.listed["psq_time"]
        if time != {"seconds": now - BACK_DATING, "milliseconds": 0}:
            raise Wrong("the PSQ time is not set back")
        return time["seconds"], time["milliseconds"]

    def converse(self):
        hash_number = HASHES.index(self.listed.get("kkt_hash", "Blake3"))
        noise = Noise("XKpsk3", Noise.XKPSK3, [self.ends["gateway"]["x25519_public"]])
        bodies = []
        for number, (role, psq) in enumerate(((
                "i", self.psq.message(self.seeds["client"], *self.psq_time())),
                ("r", self.psq.answer()), ("i", None)), 1):
            prefix = struct.pack("<H", len(psq)) + psq if psq else b""
            bodies.append(prefix + noise.message(self.noise_keys, role))
            name = "noise_final" if number == 3 else f"noise_after_msg{number}"
            self.computed[name] = noise.state()
        keys = noise.split()
        self.computed["noise_final"].update(k_initiator_to_responder=keys[0],
                                            k_responder_to_initiator=keys[1])
        self.channel = Channel(self.index, self.outer_key, self.counters, keys)
        self.rounds = [(protocol.hello(self.index, self.salt, self.seeds["client"]),
                        protocol.clear(self.index, 0, protocol.ACK))]
        self.rounds += [self.key_round(SUITES[name], hash_number, False)
                        for name in self.listed.get("refused_kems", [])]
        self.rounds.append(self.key_round(self.suite, hash_number, True))
        self.rounds.append((protocol.clear(self.index, 1, protocol.HANDSHAKE, bodies[0]),
                            self.channel.packet("r", protocol.HANDSHAKE, bodies[1])))
        third = self.channel.packet("i", protocol.HANDSHAKE, bodies[2])
        self.rounds.append((third, self.sealed_ack()))

    def key_round(self, suite, hash_number, served):
        request = protocol.kkt_request(suite, hash_number, self.session_id, self.seeds["client"])
        if served:
            answer = protocol.kkt_response(suite, hash_number, self.session_id,
                                           self.seeds["gateway"], self.kem_public)
        else:
            answer = protocol.kkt_status(suite, hash_number, self.session_id,
                                         self.seeds["gateway"])
        return (protocol.clear(self.index, 0, protocol.KKT_REQUEST, request),
                protocol.clear(self.index, 0, protocol.KKT_RESPONSE, answer))

    def sealed_ack(self):
        """The original's has the literal counter 0, outside of its sequence."""
        if self.original:
            return protocol.outer(self.outer_key, self.index, 0, protocol.ACK)
        return self.channel.packet("r", protocol.ACK)

    def exchange(self, request, response):
        return self.channel.data("i", request), self.channel.data("r", response)

    def rekey(self):
        """12: KK1, KK2, Ready; from then on the new channel is used."""
        listed = self.listed["subsession"]
        psk = protocol.subsession_psk(self.psq.registration_psk, listed["subsession_index"])
        first = listed.get("initiator", "client")
        one, two = ("i", "r") if first == "client" else ("r", "i")
        keys = {"psk": psk,
                **{role + "s": self.noise_keys[own + "s"] for role, own in zip("ir", (one, two))},
                **{ROLES[end] + "e": raw(listed[f"{end}_noise_ephemeral_private"])
                   for end in ROLES}}
        if first != "client":
            keys["ie"], keys["re"] = keys["re"], keys["ie"]
        noise = Noise("KKpsk0", Noise.KKPSK0,
                      [curve.x25519_public(keys[role + "s"]) for role in "ir"])
        packets = []
        states = {}
        for own, role, kind, name in ((one, "i", protocol.KK1, "noise_after_msg1"),
                                      (two, "r", protocol.KK2, "noise_final")):
            body = registration.text(noise.message(keys, role))
            packets.append((own, self.channel.packet(own, kind, body)))
            states[name] = noise.state()
        index = listed["new_receiver_index"]
        packets.append((one, self.channel.packet(one, protocol.READY,
                                                 registration.varint(index))))
        transport = noise.split()
        states["noise_final"].update(k_initiator_to_responder=transport[0],
                                     k_responder_to_initiator=transport[1])
        sub_outer = protocol.outer_key(psk)
        compare("subsession", listed, {"psk": psk, "outer_key": sub_outer, **states},
                GIVEN_OF_SUBSESSION)
        counters = listed.get("first_counters", {"client": 0, "gateway": 0})
        self.channel = Channel(index, sub_outer,
                               {ROLES[end]: int(value) for end, value in counters.items()},
                               transport if one == "i" else transport[::-1])
        return packets

    def check_values(self):
        where = self.listed["label"]
        for end in ROLES:
            compare(f"{where}, {end}", self.listed[end], self.ends[end], GIVEN_OF_END)
        rest = {key: value for key, value in self.listed.items()
                if key not in ("client", "gateway", "subsession")}
        compare(where, rest, self.computed, GIVEN)


# ---- who says what, when ----

def flat(rounds):
    """Rounds of one message and one answer each, as a list of turns."""
    return [turn for message, answer in rounds for turn in (("i", message), ("r", answer))]


def flight(rounds):
    """The messages of several rounds at once, then the answers."""
    return ([("i", message) for message, _ in rounds] + [("r", answer) for _, answer in rounds])


def one_hop(session, payloads, early):
    if early:
        turns = flight(session.rounds[:3])
        return turns + flight([session.rounds[3]] + [session.exchange(*pair) for pair in payloads])
    turns = flat(session.rounds)
    if "subsession" in session.listed:
        turns += session.rekey()
    return turns + flat([session.exchange(*pair) for pair in payloads])


def two_hops(entry, leave, payloads, target, early):
    """The exit's session inside the entry's; returns the turns of both links."""
    at_exit = [leave.exchange(*pair) for pair in payloads["exit"]]
    identity = leave.ends["gateway"]["ed25519_public"]

    def forwarded(rounds):
        return [entry.exchange(registration.encode_forward(identity, target, message), answer)
                for message, answer in rounds]

    inner = leave.rounds + at_exit
    if early:
        turns = flight(entry.rounds[:3])
        turns += flight([entry.rounds[3]] + forwarded(inner[:3]))
        turns += flight(forwarded(inner[3:]))
    else:
        turns = flat(entry.rounds) + flat(forwarded(inner))
    turns += flat([entry.exchange(*pair) for pair in payloads["gateway"]])
    return {"client-gateway": turns, "gateway-exit": flat(inner)}


def messages_of(listed):
    """Request and answer of each registration, after a look at their form."""
    payloads = {"gateway": [], "exit": []}
    for entry in listed["registrations"]:
        request, response = raw(entry["request"]), raw(entry["response"])
        if registration.encode_request(registration.decode_request(request)) != request:
            raise Wrong("the request does not encode to itself")
        if registration.encode_answer(registration.decode_answer(response)) != response:
            raise Wrong("the answer does not encode to itself")
        payloads[entry["at"]].append((request, response))
    return payloads


def kkt_session_id(listed, index):
    """Recordings do not list it: it stands in the KKT request, under its signature."""
    for frame in listed["wire"]:
        packet = raw(frame["hex"])[4:]
        if packet[:4] == struct.pack("<L", index) and packet[16] == protocol.KKT_REQUEST:
            return packet[27:43].hex()
    raise Wrong("there is no KKT request")


def made(listed):
    """Checks the values of a transcript and returns its turns, by link."""
    payloads = messages_of(listed)
    sessions = [Session(entry, listed["clock"], kkt_session_id(listed, entry["receiver_index"]))
                for entry in listed["sessions"]]
    for session, label in zip(sessions, LABELS):
        session.check_values()
        if session.listed["label"] != label:
            raise Wrong("a session with the name of another")
    early = listed.get("flights") == "early"
    if len(sessions) == 1:
        return {"client-gateway": one_hop(sessions[0], payloads["gateway"], early)}
    return two_hops(*sessions, payloads, listed["exit_address"], early)


def check(listed):
    """Raises Wrong unless every frame and every value follows from the secrets."""
    expected = made(listed)
    for link, turns in expected.items():
        frames = [frame for frame in listed["wire"] if frame["link"] == link]
        if len(frames) != len(turns):
            raise Wrong(f"{link}: {len(frames)} frames, {len(turns)} expected")
        for number, (frame, (role, packet)) in enumerate(zip(frames, turns), 1):
            if frame["direction"] != DIRECTIONS[link][role == "r"]:
                raise Wrong(f"{link}: frame {number} goes the other way")
            if raw(frame["hex"]) != protocol.framed(packet):
                raise Wrong(f"{link}: frame {number} has other bytes")
    if {frame["link"] for frame in listed["wire"]} != set(expected):
        raise Wrong("there are frames on another link")
    return sum(map(len, expected.values()))
