// The map of virtual memory, which kernel, programs, linker scripts and debugger scripts share.
// Safe for C, C++ and assembler; docs/memory_map.md draws it. Addresses are JOS's.
#pragma once

#define PGSIZE      0x1000
#define PTSIZE      0x400000

// The kernel: physical memory from 0 is mapped at KERNBASE, up to 256 MiB of it.
#define KERNBASE    0xF0000000
#define EXTPHYSMEM  0x00100000
#define KSTACKTOP   KERNBASE        // CPU n's stack ends n * (KSTKSIZE + KSTKGAP) below
#define KSTKSIZE    (8 * PGSIZE)
#define KSTKGAP     (8 * PGSIZE)    // never mapped: an overflow faults instead of corrupting
#define MMIOLIM     (KSTACKTOP - PTSIZE)
#define MMIOBASE    (MMIOLIM - PTSIZE)

// Read-only windows for programs.
#define ULIM        MMIOBASE
#define UVPT        (ULIM - PTSIZE)     // the environment's own page tables
#define UPAGES      (UVPT - PTSIZE)     // uint16_t reference count of each physical page
#define UENVS       (UPAGES - PTSIZE)   // struct Env of each environment (inc/env.hh)
#define UCLOCK      (UPAGES - PGSIZE)   // struct Clock (inc/clock.hh)

// What a program may map lies below UTOP.
#define UTOP        UENVS
#define UXSTACKTOP  UTOP                // one page: stack of the page-fault upcall
#define USTACKTOP   (UTOP - 2 * PGSIZE) // the page between is never mapped
#define UTEXT       0x00800000
#define UTEMP       0x00400000          // scratch for spawn and fork
#define PFTEMP      (UTEMP + PTSIZE - PGSIZE)

// Segment selectors.
#define GD_KT       0x08
#define GD_KD       0x10
#define GD_UT       0x18
#define GD_UD       0x20
#define GD_TSS0     0x28

// SYSENTER: the program goes on at a multiple of this (lib/system_call.S), and has fewer calls.
// Of the trap's instruction, and of the jump behind SYSENTER: who is to call again goes back by it.
#define SYSTEM_CALL_ALIGN   256
#define SYSTEM_CALL_BYTES   2

// Physical places that the boot sector hands to the kernel.
#define BOOT_INFO   0x7000              // struct BootInfo (inc/boot_info.hh)
