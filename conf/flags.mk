# What the sources are compiled with: one place for every flag.

# A warning is an error with the compilers that this tree is known to build with, and a warning with
# others, so that a newer compiler's new warnings stop nobody. WERROR= turns it off.
# -Wmaybe-uninitialized guesses, and from GCC 13 on wrongly about std::expected.
KNOWN_GCC := 12 13 14
WERROR ?= 1
WARNINGS := -Wall -Wextra -Wshadow -Wconversion
gcc_version = $(firstword $(subst ., ,$(shell $(1) -dumpversion 2>/dev/null)))
errors_of = $(if $(WERROR),$(if $(filter $(KNOWN_GCC),$(call gcc_version,$(1))),-Werror \
    -Wno-error=maybe-uninitialized))
TARGET_WARNINGS := $(WARNINGS) $(call errors_of,$(TARGET_CXX))
HOST_WARNINGS := $(WARNINGS) $(call errors_of,$(HOST_CXX))

# Copies of a few bytes whose number is known are moves, others calls of our memcpy and memset: they
# are faster than `rep movs` where the machine is emulated (docs/performance.md, "Copies").
COPY_FLAGS := -fbuiltin -fno-builtin-printf -fno-builtin-snprintf \
    -mmemcpy-strategy=unrolled_loop:128:noalign,libcall:-1:noalign \
    -mmemset-strategy=unrolled_loop:128:noalign,libcall:-1:noalign

# Code for the guest, kernel and programs alike. No floating point and no vector registers: the
# kernel does not save them, and so no call needs to align the stack for them. Frame pointers are
# kept for backtraces.
CODE_FLAGS := -m32 -march=i686 -mtune=generic -mgeneral-regs-only -mpreferred-stack-boundary=2 \
    -O2 -g -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
    -fno-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing -fcf-protection=none \
    -ffunction-sections -fdata-sections $(COPY_FLAGS)
LANGUAGE_FLAGS := -std=gnu++23 -fno-exceptions -fno-rtti -fno-threadsafe-statics
INCLUDE_FLAGS := -I. -iquote $(OBJDIR)
DEFINE_FLAGS := $(DEFS) $(LABDEFS)

# make SAN=1: undefined behaviour is found at run time and reported with file and line.
ifneq ($(SAN),)
SANITIZE_FLAGS := -fsanitize=undefined -fno-sanitize=vptr,alignment
endif

# make COUNTERS=1: the kernel counts what it does (kern/debug/counters.hh).
ifneq ($(COUNTERS),)
COUNTER_FLAGS := -DJOS_COUNTERS
endif

GUEST_CXXFLAGS := $(CODE_FLAGS) $(LANGUAGE_FLAGS) $(TARGET_WARNINGS) $(INCLUDE_FLAGS) $(DEFINE_FLAGS) \
    $(SANITIZE_FLAGS)
KERNEL_CXXFLAGS := $(GUEST_CXXFLAGS) -DJOS_KERNEL $(COUNTER_FLAGS)
USER_CXXFLAGS := $(GUEST_CXXFLAGS) -DJOS_USER

# lwIP is other people's C: its own flags, its warnings are not ours to fix.
LWIP_PORT_INCLUDES := -Inet/lwip_port -Inet/lwip_port/include -Inet/lwip_port/libc
LWIP_INCLUDES := $(LWIP_PORT_INCLUDES) -isystem $(LWIP_DIR)/src/include
LWIP_CFLAGS := $(CODE_FLAGS) -std=gnu11 -Wall -Wno-address -Wno-unused $(DEFINE_FLAGS) -DJOS_USER \
    -I. $(LWIP_PORT_INCLUDES) -I$(LWIP_DIR)/src/include

# The boot sector has 510 bytes.
BOOT_CXXFLAGS := $(filter-out -O2 -fno-omit-frame-pointer -ffunction-sections -fdata-sections, \
    $(CODE_FLAGS)) -Os -fomit-frame-pointer $(LANGUAGE_FLAGS) $(TARGET_WARNINGS) -I.

LINK_FLAGS := -m32 -static -nostdlib -no-pie -Wl,-z,max-page-size=0x1000 -Wl,-z,noexecstack \
    -Wl,--build-id=none -Wl,--no-warn-rwx-segments

HOST_CXXFLAGS := -std=gnu++23 -O1 -g $(HOST_WARNINGS) -I. -DJOS_HOST
