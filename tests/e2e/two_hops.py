# SPDX-License-Identifier: Apache-2.0
"""A world with two gateways in a row: client - entry - exit - host.

The client has a road to the entry and to nothing else; the exit is reached through the entry alone,
the host through the exit alone. The entry's directory names the exit.
"""
import json
import os
import sys

import world as w

ENTRY_V4, EXIT_V4 = w.GATEWAY_V4, "198.51.100.2"
ENTRY_V6, EXIT_V6 = w.GATEWAY_V6, "2001:db8:2::2"
HOST_V4, HOST_V6 = "203.0.113.2", "2001:db8:3::2"
CONTROL_PORT = 41264
EXIT_TUNNEL_V4, EXIT_TUNNEL_V6 = "10.2.0.1", "fc02::1"


def bracketed(address):
    return f"[{address}]" if ":" in address else address


class TwoHopWorld(w.World):
    """`gateway` is the entry; `exit` the second one, with a folder of its own."""

    def __init__(self, programs):
        super().__init__(programs)
        self.exit = f"{self.name}-x"
        self.exit_device = f"{self.name}x"
        self.entry_tunnel = f"{self.name}e"  # the client's outer device

    def _make_networks(self):
        self._make_spaces(self.client, self.gateway, self.exit, self.host)
        for a, b, kind, number, v4 in (
                (self.client, self.gateway, "out", 1, (w.CLIENT_V4, ENTRY_V4)),
                (self.gateway, self.exit, "mid", 2, ("198.51.100.1", EXIT_V4)),
                (self.exit, self.host, "in", 3, ("203.0.113.1", HOST_V4))):
            self._link(a, f"{v4[0]}/24", b, f"{v4[1]}/24", kind)
            ends = (2, 1) if number == 1 else (1, 2)
            self.ip(a, f"addr add 2001:db8:{number}::{ends[0]}/64 dev {kind} nodad")
            self.ip(b, f"addr add 2001:db8:{number}::{ends[1]}/64 dev {kind} nodad")
        self._masquerade(self.gateway, "mid")
        self._masquerade(self.exit, "in")
        self.count(self.client, "out")

    def _masquerade(self, space, device):
        self.run(space, ["sysctl", "-qw", "net.ipv4.ip_forward=1",
                         "net.ipv6.conf.all.forwarding=1"])
        self.run(space, ["nft", "add table inet nat; add chain inet nat post { type nat hook "
                                "postrouting priority 100; }; "
                                f"add rule inet nat post oifname {device} masquerade"])

    def count(self, space, device):
        """From now on counts what leaves for the exit through a device."""
        self.run(space, ["nft", "add table inet seen; add chain inet seen out { type filter hook "
                                "output priority 0; }; "
                                f"add rule inet seen out oifname {device} ip daddr {EXIT_V4} "
                                "counter; "
                                f"add rule inet seen out oifname {device} ip6 daddr {EXIT_V6} "
                                "counter"])

    def counted(self, space):
        rules = json.loads(self.run(space,
                                    ["nft", "-j", "list", "chain", "inet", "seen", "out"]).stdout)
        return sum(part["counter"]["packets"] for item in rules["nftables"] if "rule" in item
                   for part in item["rule"]["expr"] if "counter" in part)

    # ---- gateways ----------------------------------------------------------------------------

    def start_exit(self, **changes):
        """Starts the exit; returns its identity and lewesd's process."""
        folder = os.path.join(self.folder, "exit")
        os.makedirs(folder, exist_ok=True)
        self.wireguard(self.exit, self.exit_device)
        changes.setdefault("wireguard__interface", self.exit_device)
        changes.setdefault("wireguard__address4", f"{EXIT_TUNNEL_V4}/16")
        changes.setdefault("wireguard__address6", f"{EXIT_TUNNEL_V6}/112")
        config = self.config(folder, **changes)
        daemon = self.lewesd(config, space=self.exit)
        return self.identity(config), daemon

    def directory(self, *nodes):
        """Writes a directory file; nodes are (identity, addresses). Returns its path."""
        path = os.path.join(self.folder, "directory.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"nodes": [{"identity": identity, "addresses": list(addresses),
                                  "control_port": CONTROL_PORT}
                                 for identity, addresses in nodes]}, file)
        return path

    def start_entry(self, exit_identity, log=None, **changes):
        """Starts the entry, whose directory has the exit; returns its identity and process."""
        self.wireguard()
        if "forward__directory" not in changes:
            changes["forward__directory"] = self.directory((exit_identity, (EXIT_V4, EXIT_V6)))
        changes.setdefault("forward__allow_private", "yes")
        config = self.config(**changes)
        daemon = self.lewesd(config, log=log)
        return self.identity(config), daemon

    def serve_page(self, text, address=HOST_V4):
        """A page on the host behind the exit."""
        folder = os.path.join(self.folder, "page")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "index.html"), "w", encoding="ascii") as file:
            file.write(text)
        server = self.start(self.host, [sys.executable, "-u", "-m", "http.server", "--bind",
                                        address, "--directory", folder, "80"])
        server.wait_line("Serving HTTP")

    def fetch_page(self, address=HOST_V4):
        program = ("import urllib.request as u; "
                   f"print(u.urlopen('http://{bracketed(address)}/', timeout=5).read().decode())")
        return self.run(self.client, [sys.executable, "-c", program], check=False).stdout

    # ---- client ------------------------------------------------------------------------------

    def entry_profile(self):
        return f"{self.folder}/{self.entry_tunnel}.conf"

    def register_both(self, entry, exit_identity, *arguments, v6=False, check=True, **options):
        hosts = (ENTRY_V6, EXIT_V6) if v6 else (ENTRY_V4, EXIT_V4)
        argv = [f"{self.programs}/lewes", "register",
                "--entry", f"{entry}@{bracketed(hosts[0])}",
                "--exit", f"{exit_identity}@{bracketed(hosts[1])}:{CONTROL_PORT}",
                *self.pay, "--no-journal",
                "--entry-out", self.entry_profile(), "--out", self.profile()]
        return self.run(self.client, argv + list(arguments), check=check, **options)

    def tunnels_up(self):
        """The outer tunnel, which leads to the exit's endpoint alone, then the inner one."""
        self.tunnel_up(self.entry_profile(), self.entry_tunnel)
        self.tunnel_up()

    def tunnels_down(self):
        self.tunnel_down()
        self.tunnel_down(self.entry_tunnel)
