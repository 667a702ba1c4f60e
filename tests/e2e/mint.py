# SPDX-License-Identifier: Apache-2.0
"""A mint for a world: its keys for gateways, its books for clients."""
import os

WG_ENTRY, WG_EXIT, MIXNET_ENTRY = "wg-entry", "wg-exit", "mixnet-entry"
DAY = 86400


class Mint:
    """lewes-mint in a directory of the world's; epoch 1."""

    def __init__(self, world):
        self.world = world
        self.folder = os.path.join(world.folder, "mint")
        self.keys = os.path.join(self.folder, "epochs")  # what gateways read
        self.count = 0
        self.call("keygen", "--dir", self.folder)
        self.line = self.call("epoch", "add", "1", "--dir", self.folder).stdout

    def call(self, *words, check=True):
        return self.world.run(self.world.host, [f"{self.world.programs}/lewes-mint", *words],
                              check=check)

    def settings(self):
        """Of a gateway that takes this mint's tickets, and no others."""
        return {"registration__verifier": "ecash", "registration__keys": self.keys,
                "security__allow_mock": "no"}

    def book(self, kind, at=None, folder=None):
        """Makes a book; returns its path. `at` is the time of its issue."""
        self.count += 1
        folder = folder or os.path.join(self.world.folder, f"book{self.count}")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        path = os.path.join(folder, f"{kind}-{self.count}.book")
        self.call("book", "--dir", self.folder, "--account", "alice", "--type", kind,
                  "--out", path, *([] if at is None else ["--at", str(int(at))]))
        return path

    def take_in(self, *kinds):
        """Makes books and imports them into the client's usual place."""
        for kind in kinds:
            path = self.book(kind)
            self.world.lewes("ticket", "import", path)
            os.unlink(path)
