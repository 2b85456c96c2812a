#!/usr/bin/env python3
"""What only QEMU's card can tell, for `make E1000_DEBUG=RXERR,RXFILTER,... qemu`.

The driver prints what it sees itself (kern/dev/nic_trace.hh): TX, TXERR, RX, INTERRUPT, EEPROM,
MMIO. Frames that the card filters or drops never reach it; QEMU traces these, and this program
turns QEMU's trace lines into lines like the driver's. tools/run starts it at the end of QEMU's
error output; everything else that comes there passes through.

usage: e1000_debug.py < QEMU's error output
"""
import re
import sys

EVENTS = {
    "RXERR": ("e1000_receiver_overrun", "e1000x_rx_link_down", "e1000x_rx_disabled",
              "e1000x_rx_oversized"),
    "RXFILTER": ("e1000x_rx_flt_ucast_match", "e1000x_rx_flt_ucast_mismatch",
                 "e1000x_rx_flt_inexact_mismatch"),
    "PHY": ("e1000x_link_negotiation_start", "e1000x_link_negotiation_done"),
    "GENERAL": ("e1000x_mac_indicate", "e1000x_rx_can_recv_disabled"),
}
DRIVER_NAMES = ("TX", "TXERR", "RX", "RXERR", "INTERRUPT", "EEPROM", "MMIO")
# A trace line may begin with process and time: 1234@5678.901234:name message
LINE = re.compile(r"^(?:\d+@\d+\.\d+:)?(?P<event>e1000x?_\w+) (?P<message>.*)$")


def names_in(text):
    return [name for name in text.upper().split(",") if name]


def all_names():
    return sorted({*EVENTS, *DRIVER_NAMES})


def unknown_names(text):
    """The names that neither the driver nor QEMU's card knows."""
    return [name for name in names_in(text) if name not in EVENTS and name not in DRIVER_NAMES]


def qemu_options(text):
    """QEMU's options for the names wanted; none if they are all the driver's."""
    events = [event for name in names_in(text) for event in EVENTS.get(name, ())]
    return [word for event in events for word in ("-trace", event)]


def translated(line):
    """The line as it is shown."""
    found = LINE.match(line)
    if not found:
        return line
    return "e1000: " + found["message"][:1].lower() + found["message"][1:]


def main():
    for line in sys.stdin:
        sys.stderr.write(translated(line.rstrip("\n")) + "\n")
        sys.stderr.flush()


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
