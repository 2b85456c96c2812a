#!/usr/bin/env python3
"""Tests of tools/ports.py: trees never meet, a tree keeps its ports, strangers are avoided."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.dont_write_bytecode = True

# What a process of a tree does: take a slot, say so, hold it until its input ends.
TAKE = """
import os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import ports
ports.slot_folder = lambda: sys.argv[2]
slot = ports.take_slot()
slot.write(pid=os.getpid(), started=1.0, ports=ports.chosen_ports(slot), net="user")
print(slot.port, flush=True)
sys.stdin.read()
"""
# What make's targets do.
ASK = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import ports
ports.slot_folder = lambda: sys.argv[2]
try:
    ports.main(sys.argv[3:])
except ports.PortError as error:
    sys.exit(f"ports: {error}")
"""


class PortsTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="jos-ports-test-"))
        self.slots = self.folder / "slots"
        self.slots.mkdir()
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            self.end(process)
        shutil.rmtree(self.folder)

    def tree(self, name):
        """A tree with the tool in it."""
        tools = self.folder / name / "tools"
        tools.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOOLS / "ports.py", tools)
        return tools

    def start(self, tools):
        process = subprocess.Popen([sys.executable, "-c", TAKE, tools, self.slots], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.processes.append(process)
        return process

    def port_of(self, process):
        return int(process.stdout.readline())

    def end(self, process):
        if process.stdin.closed:
            return
        process.stdin.close()
        process.wait(30)
        process.stdout.close()

    def ask(self, tools, *arguments, **environment):
        return subprocess.run([sys.executable, "-c", ASK, tools, self.slots, *arguments],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, **environment}, check=False)

    def gdbport(self, tools):
        return int(self.ask(tools, "gdbport").stdout)

    def test_runs_at_the_same_instant_never_meet(self):
        trees = [self.tree(f"tree{number % 4}") for number in range(12)]
        processes = [self.start(tools) for tools in trees]
        ports = [self.port_of(process) for process in processes]
        self.assertEqual(len(set(ports)), len(ports))
        for first in ports:
            self.assertFalse({first + 1, first + 2, first + 3} & set(ports))

    def test_a_tree_keeps_its_ports(self):
        tools = self.tree("tree")
        port = self.gdbport(tools)
        for _ in range(3):
            process = self.start(tools)
            self.assertEqual(self.port_of(process), port)
            self.end(process)
            self.assertEqual(self.gdbport(tools), port)

    def test_trees_that_only_asked_do_not_meet(self):
        ports = [self.gdbport(self.tree(f"tree{number}")) for number in range(6)]
        self.assertEqual(len(set(ports)), 6)

    def test_a_second_run_gets_other_ports(self):
        tools = self.tree("tree")
        first = self.start(tools)
        port = self.port_of(first)
        announced = self.gdbport(tools)
        self.assertNotEqual(announced, port)
        second = self.start(tools)
        self.assertEqual(self.port_of(second), announced)

    def test_the_lock_ends_with_the_process(self):
        tools = self.tree("tree")
        process = self.start(tools)
        port = self.port_of(process)
        process.kill()
        process.wait()
        self.assertEqual(self.gdbport(tools), port)
        self.assertIn("no guest", self.ask(tools, "get", "web").stderr)

    def test_a_port_of_a_stranger_is_avoided(self):
        tools = self.tree("tree")
        port = self.gdbport(tools)
        for kind, offset in ((socket.SOCK_STREAM, 0), (socket.SOCK_DGRAM, 1),
                             (socket.SOCK_STREAM, 2)):
            with socket.socket(socket.AF_INET, kind) as stranger:
                stranger.bind(("127.0.0.1", port + offset))
                if kind == socket.SOCK_STREAM:
                    stranger.listen()
                self.assertNotEqual(self.gdbport(tools), port)
            # The tree has another slot now; forget it, to be given the first again.
            for path in self.slots.iterdir():
                if path.name != str(port):
                    path.unlink()

    def test_fading_connections_are_no_obstacle(self):
        tools = self.tree("tree")
        port = self.gdbport(tools)
        with socket.create_server(("127.0.0.1", port)) as server:
            client = socket.create_connection(("127.0.0.1", port))
            connection, _ = server.accept()
            connection.close()          # this side closes first: it is the one that lingers
            client.close()
        self.assertEqual(self.gdbport(tools), port)

    def test_ports_of_a_removed_tree_are_used_again(self):
        tools = self.tree("tree")
        port = self.gdbport(tools)
        (self.slots / str(port)).write_text('{"tree": "/no/such/tree", "pid": 0}')
        self.assertEqual(self.gdbport(tools), port)
        self.assertIn(str(tools.parent), (self.slots / str(port)).read_text())

    def test_files_that_are_no_slots_do_no_harm(self):
        (self.slots / "25000").mkdir()
        (self.slots / "note").write_text("hello")
        (self.slots / "25004").write_text("\0garbage{")
        (self.slots / "25008").write_text('{"tree": 5, "pid": "x", "used": "never"}')
        os.symlink("/etc/passwd", self.slots / "25012")
        os.mkfifo(self.slots / "25016")
        tools = self.tree("tree")
        self.assertGreater(self.gdbport(tools), 0)
        self.assertEqual(self.ask(tools, "which").returncode, 0)

    def test_the_running_guest_is_named(self):
        tools = self.tree("tree")
        port = self.port_of(self.start(tools))
        self.assertEqual(self.ask(tools, "get", "web").stdout.strip(), f"127.0.0.1 {port + 2}")
        which = self.ask(tools, "which").stdout
        self.assertIn("running", which)
        self.assertIn(str(port + 1), which)

    def test_the_users_choice_wins(self):
        tools = self.tree("tree")
        self.assertEqual(self.ask(tools, "gdbport", GDBPORT="23456").stdout, "23456\n")
        which = self.ask(tools, "which", GDBPORT="23456", PORT80="23999").stdout
        for port in ("23456", "23457", "23999"):
            self.assertIn(port, which)

    def test_a_bad_choice_is_refused(self):
        tools = self.tree("tree")
        for value in ("no", "0", "70000", "-1"):
            answer = self.ask(tools, "gdbport", GDBPORT=value)
            self.assertNotEqual(answer.returncode, 0)
            self.assertIn("not a port number", answer.stderr)
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            answer = self.ask(tools, "which", PORT80=str(port))
            self.assertIn(f"port {port} (PORT80) is in use", answer.stderr)

    def test_an_old_record_of_a_dead_process_is_not_running(self):
        tools = self.tree("tree")
        self.gdbport(tools)
        process = subprocess.Popen(["true"])
        process.wait()
        slot = next(self.slots.iterdir())
        slot.write_text(slot.read_text().replace('"pid": 0', f'"pid": {process.pid}'))
        self.assertIn("no guest of this tree is running", self.ask(tools, "which").stdout)


if __name__ == "__main__":
    unittest.main()
