# Settings of this machine. Uncomment what you need; the command line wins over this file.

# V = 1                             show whole commands
# GCCPREFIX = i686-linux-gnu-       tools for the guest; empty: the host's g++ with -m32
# QEMU = /opt/qemu/bin/qemu-system-i386
# CPUS = 4                          processors of the guest
# MEMORY = 128                      its memory in MiB
# LWIP_DIR = /usr/src/lwip          another lwIP tree
