# SPDX-License-Identifier: Apache-2.0
"""A small world of network namespaces on this machine: a client, a gateway, a host behind it.

Everything is taken down by World.close(), also after a signal: what is to be undone is noted before
it is done, and only processes that were started here are ended, by their id.
"""
import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

CLIENT_V4, GATEWAY_V4 = "192.0.2.2", "192.0.2.1"
CLIENT_V6, GATEWAY_V6 = "2001:db8:1::2", "2001:db8:1::1"
INSIDE_V4, HOST_V4 = "198.51.100.1", "198.51.100.2"
TUNNEL_GATEWAY_V4 = "10.1.0.1"
DEADLINE = 20  # seconds that any single event may take


class Interrupted(BaseException):
    """A signal asked for the end."""


class Failed(Exception):
    """Something that had to work did not; the text says what."""


class Calm:
    """While somebody is in it, a signal waits: what is done must not be torn from its note.

    Interrupted is raised once; whoever takes things down then is not disturbed again.
    """

    def __init__(self):
        self.depth = 0
        self.asked = False   # for the end, by a signal
        self.raised = False

    def __enter__(self):
        self.depth += 1

    def __exit__(self, kind, *_):
        self.depth -= 1
        if kind is None:
            self.end_if_asked()

    def on_signal(self, *_):
        self.asked = True
        self.end_if_asked()

    def end_if_asked(self):
        if self.asked and not self.depth and not self.raised:
            self.raised = True
            raise Interrupted


calm = Calm()


class Process:
    """A process with the lines that it writes to standard error (and output, unless captured)."""

    def __init__(self, argv, environment=None, capture=False, log=None):
        read_end, write_end = os.pipe()
        try:
            self.child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stderr=write_end,
                stdout=subprocess.PIPE if capture else write_end,
                env={**os.environ, **(environment or {})}, start_new_session=True)
        finally:
            os.close(write_end)
        self.pid = self.child.pid
        self.fd = read_end
        self.pending = b""
        self.lines = []
        self.log = log
        self.name = os.path.basename(argv[0])

    def next_line(self, deadline):
        """The next line, or None at the end of the output."""
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise Failed(f"{self.name}: no further line in time; so far:\n" + self.text())
            data = os.read(self.fd, 65536)
            if not data:
                return None
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        self.lines.append(line.decode(errors="replace"))
        if self.log:
            self.log(self.lines[-1])
        return self.lines[-1]

    def drain(self):
        """Takes what has been written, so that the process never waits for us."""
        while select.select([self.fd], [], [], 0)[0]:
            data = os.read(self.fd, 65536)
            if not data:
                break
            self.pending += data

    def wait_line(self, text, seconds=DEADLINE):
        """Reads until a line holds `text`, and returns it."""
        deadline = time.monotonic() + seconds
        while True:
            line = self.next_line(deadline)
            if line is None:
                raise Failed(f"{self.name} ended before it said {text!r}:\n" + self.text())
            if text in line:
                return line

    def text(self):
        return "\n".join(self.lines)

    def finish(self, seconds=DEADLINE):
        """Reads to the end and returns the exit status."""
        deadline = time.monotonic() + seconds
        while self.next_line(deadline) is not None:
            pass
        return self.child.wait(max(0.1, deadline - time.monotonic()))

    def signal(self, number):
        if self.child.poll() is None:
            self.child.send_signal(number)

    def stop(self):
        """Ends the process if it runs: asks, then insists."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
        if self.child.stdout:
            self.child.stdout.close()


class World:
    """Namespaces NAME-c, NAME-g and NAME-h; `with World(...) as world` takes everything down."""

    def __init__(self, programs):
        self.programs = programs  # folder of lewes and lewesd
        self.name = f"lw{os.getpid() % 100000}"
        self.client, self.gateway, self.host = (f"{self.name}{x}" for x in ("-c", "-g", "-h"))
        self.device = f"{self.name}g"          # WireGuard interface of the gateway
        self.client_device = f"{self.name}c"   # and of the client
        self.undo = []
        self.handlers = {}
        self.folder = None
        self.pay = ["--ticket", "mock"]  # [] pays from books

    def __enter__(self):
        self.handlers = {n: signal.signal(n, calm.on_signal)
                         for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            with calm:
                self._make_folder()
            self._make_networks()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.close()
        except Interrupted:  # before it had begun
            self.close()
            raise

    def close(self):
        with calm:
            while self.undo:
                try:
                    self.undo.pop()()
                except Exception as error:  # the rest must still go
                    print(f"while taking down: {error}")
            for number, handler in self.handlers.items():
                signal.signal(number, handler)
            self.handlers = {}

    # ---- parts -------------------------------------------------------------------------------

    def _make_folder(self):
        self.folder = tempfile.mkdtemp(prefix=f"{self.name}-")
        self.undo.append(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        # What clients remember is this world's, not the user's.
        os.environ["XDG_DATA_HOME"] = f"{self.folder}/data"
        os.environ["XDG_CACHE_HOME"] = f"{self.folder}/cache"

    def _make_spaces(self, *spaces):
        for space in spaces:
            self.undo.append(lambda s=space: run(["ip", "netns", "del", s], check=False))
            with calm:
                run(["ip", "netns", "add", space])
            self.ip(space, "link set lo up")

    def _make_networks(self):
        self._make_spaces(self.client, self.gateway, self.host)
        self._link(self.client, f"{CLIENT_V4}/24", self.gateway, f"{GATEWAY_V4}/24", "out")
        self._link(self.gateway, f"{INSIDE_V4}/24", self.host, f"{HOST_V4}/24", "in")
        self.ip(self.client, f"addr add {CLIENT_V6}/64 dev out nodad")
        self.ip(self.gateway, f"addr add {GATEWAY_V6}/64 dev out nodad")
        run(["ip", "netns", "exec", self.gateway, "sysctl", "-qw", "net.ipv4.ip_forward=1"])
        run(["ip", "netns", "exec", self.gateway, "nft",
             "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; "
             "add rule ip nat post oifname in masquerade"])

    def _link(self, a, address_a, b, address_b, kind):
        """A cable between two namespaces; each end is named `kind`."""
        run(["ip", "link", "add", kind, "netns", a, "type", "veth",
             "peer", "name", kind, "netns", b])
        for space, address in ((a, address_a), (b, address_b)):
            self.ip(space, f"addr add {address} dev {kind}")
            self.ip(space, f"link set {kind} up")

    def ip(self, space, words):
        run(["ip", "-n", space] + words.split())

    def start(self, space, argv, **options):
        """Starts a process in a namespace; it ends with the world."""
        with calm:
            process = Process(["ip", "netns", "exec", space] + argv, **options)
            process.name = os.path.basename(argv[0])
            self.undo.append(process.stop)
        return process

    def run(self, space, argv, check=True, **options):
        """Runs a program in a namespace to its end."""
        return run(["ip", "netns", "exec", space] + argv, check=check, **options)

    # ---- the gateway -------------------------------------------------------------------------

    def wireguard(self, space=None, device=None):
        """Starts wireguard-go for a gateway and waits for its control socket."""
        device = device or self.device
        self.undo.append(lambda: remove_socket(device))
        process = self.start(space or self.gateway, ["wireguard-go", "-f", device],
                             environment={"LOG_LEVEL": "verbose"})
        process.wait_line("UAPI listener started")
        return process

    def config(self, folder=None, **changes):
        """Writes lewesd.conf; `changes` are section__key=value. Returns its path."""
        folder = folder or self.folder
        settings = {
            "gateway": {"identity_file": f"{folder}/identity.key",
                        "kem_file": f"{folder}/kem.key"},
            "listen": {"control": "[::]:41264"},
            "registration": {"verifier": "mock"},
            "wireguard": {"backend": "userspace", "interface": self.device,
                          "private_key_file": f"{folder}/wg.key"},
            "storage": {"url": f"sqlite:{folder}/state/lewes.db"},
            "security": {"allow_mock": "yes"},
        }
        for name, value in changes.items():
            section, key = name.split("__")
            settings.setdefault(section, {})[key] = value
        os.makedirs(f"{folder}/state", mode=0o700, exist_ok=True)
        path = f"{folder}/lewesd.conf"
        with open(path, "w", encoding="ascii") as file:
            for section, keys in settings.items():
                file.write(f"[{section}]\n")
                file.writelines(f"{key} = {value}\n" for key, value in keys.items())
        return path

    def lewesd(self, config, wait=True, space=None, **options):
        """Starts a gateway and waits until it listens."""
        process = self.start(space or self.gateway, [f"{self.programs}/lewesd", "--config", config],
                             **options)
        if wait:
            process.wait_line("listening")
        return process

    def identity(self, config):
        return self.run(self.gateway, [f"{self.programs}/lewesd", "--config", config,
                                       "--identity"]).stdout.strip()

    def describe(self, config):
        """Writes the gateway's signed self-description next to its configuration."""
        path = os.path.join(os.path.dirname(config), "gateway.json")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.run(self.gateway, [f"{self.programs}/lewesd", "--config", config,
                                               "--describe"]).stdout)
        return path

    # ---- the client --------------------------------------------------------------------------

    def profile(self):
        """Where the client's profile goes; wg-quick names the interface after the file."""
        return f"{self.folder}/{self.client_device}.conf"

    def register(self, identity, *arguments, host=GATEWAY_V4, out=True, check=True, **options):
        argv = [f"{self.programs}/lewes", "register", "--gateway", f"{identity}@{host}", *self.pay]
        argv += ["--out", self.profile()] if out else []
        return self.run(self.client, argv + list(arguments), check=check, **options)

    def lewes(self, *words, check=True, **options):
        return self.run(self.client, [f"{self.programs}/lewes", *words], check=check, **options)

    def tunnel_up(self, profile=None, device=None):
        """wg-quick as a user would run it; without a kernel module it starts wireguard-go."""
        self.undo.append(lambda: self.tunnel_down(device))
        with calm:
            self.run(self.client, ["wg-quick", "up", profile or self.profile()],
                     environment={"WG_QUICK_USERSPACE_IMPLEMENTATION": "wireguard-go"})

    def tunnel_down(self, device=None):
        """wireguard-go ends when its interface goes; wait for that."""
        device = device or self.client_device
        pids = wireguard_pids(device)
        self.run(self.client, ["ip", "link", "del", device], check=False)
        for pid in pids:
            wait_gone(pid)
        remove_socket(device)

    def ping(self, address, count=1, wait=2):
        """True if every echo came back."""
        done = self.run(self.client, ["ping", "-n", "-q", "-c", str(count), "-i", "0.2",
                                      "-W", str(wait), address], check=False)
        return done.returncode == 0


def run(argv, check=True, environment=None, seconds=60, **options):
    """Runs to the end, out of reach of the terminal's signals; the output is captured."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    child = None
    try:
        with calm:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, text=True,
                                     env={**os.environ, **(environment or {})},
                                     start_new_session=True, **options)
        out, error = child.communicate(timeout=seconds)
    except BaseException:
        if child:
            with calm:
                child.kill()
                child.wait()
        raise
    if check and child.returncode:
        raise Failed(f"{' '.join(argv)}: exit status {child.returncode}\n{out or ''}{error or ''}")
    return subprocess.CompletedProcess(argv, child.returncode, out, error)


def remove_socket(device):
    """A wireguard-go that is ended before it listens to signals leaves its control socket."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"/var/run/wireguard/{device}.sock")


def wireguard_pids(device):
    """The wireguard-go processes of a device whose name we made up."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except (OSError, NotADirectoryError):
            continue
        if words[:1] and words[0].endswith(b"wireguard-go") and device.encode() in words:
            found.append(int(entry))
    return found


def wait_gone(pid, seconds=DEADLINE):
    """Waits for the end of a process that is not our child; ends it if it will not."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([fd], [], [], seconds)[0]:
            os.kill(pid, signal.SIGKILL)
            select.select([fd], [], [], seconds)
    finally:
        os.close(fd)
