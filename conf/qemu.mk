# The machine that the guest sees; tools/run turns it into QEMU's command line.
CPUS ?= 1
MEMORY ?= 128
NIC ?= e1000
NET ?= user
KERNEL_IMG ?= $(OBJDIR)/kern/kernel.img
FS_IMG ?= $(OBJDIR)/fs/fs.img
