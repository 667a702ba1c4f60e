# SPDX-License-Identifier: Apache-2.0
"""The demo: it works, it fails when it must, and it leaves nothing behind, however it ends."""
import glob
import os
import signal
import sys

import world as w
from e2e_tunnel import check

DEMO = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                    "scripts", "demo")


def start(programs, *arguments):
    return w.Process([sys.executable, "-u", DEMO, *arguments, programs])


def left_behind(pid):
    """Namespaces, folders and processes that bear the demo's name."""
    name = f"lw{pid % 100000}"
    spaces = [x for x in w.run(["ip", "netns", "list"]).stdout.split() if x.startswith(name + "-")]
    processes = [pid for end in "gcxe" for pid in w.wireguard_pids(name + end)]
    folders = glob.glob(os.path.join(w.tempfile.gettempdir(), f"{name}-*"))
    return spaces + processes + folders + glob.glob(f"/var/run/wireguard/{name}*")


def test_the_demo_pings_through_the_tunnel(programs):
    demo = start(programs)
    try:
        check(demo.finish(90) == 0, demo.text())
        check("You came through the tunnel" in demo.text(), demo.text())
        check("You came through both tunnels" in demo.text(), demo.text())
        check("ticket already spent" in demo.text(), demo.text())
        check("49/50" in demo.text(), demo.text())
        check(not left_behind(demo.pid), "the demo left something behind")
    finally:
        demo.stop()


def test_the_demo_fails_when_the_registration_is_refused(programs):
    demo = start(programs, "--refuse")
    try:
        check(demo.finish(90) == 1, demo.text())
        check("Registration mode not enabled" in demo.text(), demo.text())
        check(not left_behind(demo.pid), "the demo left something behind")
    finally:
        demo.stop()


def test_ctrl_c_at_any_line_of_the_demo_leaves_nothing_behind(programs):
    count = 1
    while True:
        demo = start(programs)
        try:
            deadline = w.time.monotonic() + 90
            ended = any(demo.next_line(deadline) is None for _ in range(count))
            demo.signal(signal.SIGINT)
            code = demo.finish(90)
            left = left_behind(demo.pid)
            check(not left, f"after line {count}: {left}\n{demo.text()}")
            check(code in (130, 0), f"after line {count}: exit status {code}\n{demo.text()}")
        finally:
            demo.stop()
        if ended:
            return
        count += 7
