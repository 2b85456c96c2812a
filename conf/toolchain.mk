# The compilers. GCCPREFIX chooses the one for the guest: a prefix such as i686-linux-gnu-, or
# nothing for the host's own g++ with -m32. Set it here, in conf/env.mk or on the command line.
ifeq ($(origin GCCPREFIX),undefined)
GCCPREFIX := $(if $(shell command -v i686-linux-gnu-g++ 2>/dev/null),i686-linux-gnu-)
endif

TARGET_CXX := $(GCCPREFIX)g++
TARGET_CC := $(GCCPREFIX)gcc
TARGET_AR := $(GCCPREFIX)ar
TARGET_ADDR2LINE := $(GCCPREFIX)addr2line
TARGET_NM := $(GCCPREFIX)nm
TARGET_OBJCOPY := $(GCCPREFIX)objcopy
TARGET_OBJDUMP := $(GCCPREFIX)objdump

# For tools that run on the host while building, and for unit tests.
HOST_CXX ?= g++
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
QEMU ?= qemu-system-i386
GDB ?= $(or $(notdir $(firstword $(shell command -v gdb gdb-multiarch 2>/dev/null))),gdb)
