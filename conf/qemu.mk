# The machine that the guest sees; tools/run turns it into QEMU's command line.

CPUS ?= 1
MEMORY ?= 128
# e1000 (82540EM), e1000-82544gc, e1000-82545em, or none.
NIC ?= e1000
# user: forwarded ports, no privileges. tap: the guest is 10.0.2.15 on the tap device TAP.
NET ?= user
TAP ?= tap0
# Where forwarded ports listen; 0.0.0.0 opens them to other hosts.
BIND ?= 127.0.0.1
# Every packet of a run; empty captures nothing.
CAPTURE ?= qemu.pcap
# What the card may do to frames: all that it can; checksum: that alone; 0: nothing.
OFFLOAD ?= 1
# Environments whose system calls are printed, by name and commas; where to (- is the console).
TRACE ?=
TRACE_FILE ?= trace.log
KERNEL_IMG ?= $(OBJDIR)/kern/kernel.img
FS_IMG ?= $(OBJDIR)/fs/fs.img
