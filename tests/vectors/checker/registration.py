# SPDX-License-Identifier: Apache-2.0
"""Registration messages (doc/registration.md): a strict reader into plain dictionaries, and a
writer. What a reader accepts, the writer must give back byte for byte."""

import base64
import ipaddress

from .protocol import Wrong

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PAY_INFO_LEN = 72
PAYMENT_COUNT_AT = 887  # registration.md R6


# ---- text forms of keys ----

def base58_encode(raw):
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def base58_decode(text):
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


# ---- writing ----

def varint(value):
    if value < 251:
        return bytes([value])
    for tag, size in ((0xFB, 2), (0xFC, 4), (0xFD, 8)):
        if value < 1 << 8 * size:
            return bytes([tag]) + value.to_bytes(size, "big")
    raise Wrong("a number of more than 64 bits")


def signed(value):
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def text(value):
    return varint(len(value)) + value


def address(value):
    value = ipaddress.ip_address(value)
    return bytes([value.version == 6]) + value.packed


def encode_request(fields):
    mode = b"\x00"
    if fields["mode"] == "mixnet":
        mode = b"\x01" + fields["client_ed25519"] + fields["client_x25519"]
    year, day = fields["spend_date"]
    return b"".join((
        text(base64.b64encode(fields["wg_public_key"])), fields["payment"],
        text(fields["pay_info"]), signed(year), varint(day), varint(fields["epoch_id"]),
        varint(fields["ticket_type"]), mode, address(fields["client_ip"]),
        varint(fields["timestamp"])))


def encode_answer(fields):
    if fields["kind"] == "refused":
        return b"\0\x01" + text(fields["error"].encode()) + b"\0\0\0"
    if fields["kind"] == "mixnet":
        return (b"\x01\0\0\x01" + fields["gateway_identity"] + fields["gateway_sphinx_key"]
                + signed(fields["allocated_bandwidth"]))
    host, port = fields["endpoint"]
    return b"".join((
        b"\x01\0\x01", text(base58_encode(fields["public_key"]).encode()), address(host),
        varint(port), ipaddress.ip_address(fields["private_ipv4"]).packed,
        ipaddress.ip_address(fields["private_ipv6"]).packed, b"\0",
        signed(fields["allocated_bandwidth"])))


def encode_forward(identity, target, packet):
    return identity + text(target.encode()) + text(packet)


# ---- reading ----

class Reader:
    """A cursor; every failure is Wrong."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Wrong("it is cut short")
        self.at += count
        return self.data[self.at - count:self.at]

    def varint(self, limit):
        first = self.take(1)[0]
        if first > 0xFD:
            raise Wrong("no varint begins so")
        size = {0xFB: 2, 0xFC: 4, 0xFD: 8}.get(first)
        value = first if size is None else int.from_bytes(self.take(size), "big")
        if value > limit or (size and len(varint(value)) != 1 + size):
            raise Wrong("a number out of range, or not in its shortest form")
        return value

    def signed(self):
        value = self.varint(2**64 - 1)
        return value >> 1 if value % 2 == 0 else -(value + 1 >> 1)

    def flag(self):
        return self.varint(1) == 1

    def text(self, limit):
        return self.take(self.varint(limit))

    def address(self):
        return ipaddress.ip_address(self.take(16 if self.flag() else 4))

    def end(self):
        if self.at != len(self.data):
            raise Wrong("bytes are left over")


def decode_payment(reader):
    """One ticket: its end is known from the count in front of the optional scalar."""
    count = reader.data[reader.at + PAYMENT_COUNT_AT:reader.at + PAYMENT_COUNT_AT + 1]
    if count not in (b"\0", b"\x01"):
        raise Wrong("not the form of a payment")
    return reader.take(1190 if count == b"\x01" else 1157)


def decode_request(data):
    reader, fields = Reader(data), {}
    key = reader.text(44)
    fields["wg_public_key"] = base64.b64decode(key, validate=True)
    fields["payment"] = decode_payment(reader)
    fields["pay_info"] = reader.text(PAY_INFO_LEN)
    fields["spend_date"] = (reader.signed(), reader.varint(366))
    fields["epoch_id"] = reader.varint(2**63 - 1)
    fields["ticket_type"] = reader.varint(3)
    fields["mode"] = "mixnet" if reader.flag() else "dvpn"
    if fields["mode"] == "mixnet":
        fields["client_ed25519"], fields["client_x25519"] = reader.take(32), reader.take(32)
    fields["client_ip"] = str(reader.address())
    fields["timestamp"] = reader.varint(2**63 - 1)
    reader.end()
    if len(fields["pay_info"]) != PAY_INFO_LEN or len(fields["wg_public_key"]) != 32:
        raise Wrong("a field of another length")
    return fields


def decode_answer(data):
    """R11: three combinations exist."""
    reader, fields = Reader(data), {}
    success, has_error = reader.flag(), reader.flag()
    if has_error:
        fields["error"] = reader.text(4096).decode()
    has_dvpn = reader.flag()
    if has_dvpn:
        fields["public_key"] = base58_decode(reader.text(44).decode())
        fields["endpoint"] = (str(reader.address()), reader.varint(65535))
        fields["private_ipv4"] = str(ipaddress.ip_address(reader.take(4)))
        fields["private_ipv6"] = str(ipaddress.ip_address(reader.take(16)))
    has_mixnet = reader.flag()
    if has_mixnet:
        fields["gateway_identity"], fields["gateway_sphinx_key"] = reader.take(32), reader.take(32)
    fields["allocated_bandwidth"] = reader.signed()
    reader.end()
    kinds = {(True, False, True, False): "dvpn", (True, False, False, True): "mixnet",
             (False, True, False, False): "refused"}
    fields["kind"] = kinds.get((success, has_error, has_dvpn, has_mixnet))
    if fields["kind"] is None or (not success and fields["allocated_bandwidth"]):
        raise Wrong("a combination that does not exist")
    return fields


def decode_forward(data):
    reader = Reader(data)
    identity, target = reader.take(32), reader.text(53).decode("ascii")
    packet = reader.text(65395)
    reader.end()
    return identity, target, packet
