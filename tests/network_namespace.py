"""A network namespace of one's own, so that guests on a tap device touch nothing of the host's
network: with root's rights, or as an unprivileged user where the host allows user namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def enter(marker: str) -> str:
    """Starts this program again in a new network namespace, in which the variable `marker` is set.
    Returns only if there can be none with a tap device in it: the reason."""
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    probe = "ip link set lo up && ip tuntap add dev tap0 mode tap"
    if shutil.which("unshare") is None:
        return "unshare is not installed (package util-linux)"
    tried = subprocess.run([*unshare, "sh", "-c", probe], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if tried.returncode != 0:
        reason = tried.stdout.decode("utf-8", "replace").strip()
        return f"`{' '.join(unshare)} sh -c '{probe}'` fails: {reason}"
    os.environ[marker] = "yes"
    os.execvp("unshare", [*unshare, "sh", "-c", 'ip link set lo up; exec "$@"', "sh",
                          sys.executable, *sys.argv])
    return ""                           # not reached
