// The x86's paging and control-register bits. Intel SDM volume 3, 4.3 and 2.5.
#pragma once

#define PTE_P       0x001   // present
#define PTE_W       0x002   // writable
#define PTE_U       0x004   // user
#define PTE_PWT     0x008
#define PTE_PCD     0x010   // cache disabled
#define PTE_A       0x020
#define PTE_D       0x040
#define PTE_PS      0x080   // 4 MiB page (directory entry)
#define PTE_G       0x100
#define PTE_AVAIL   0xE00   // free for software:
#define PTE_SHARE   0x400   //   library: fork and spawn share the page
#define PTE_COW     0x800   //   library: copy on write
#define PTE_SYSCALL (PTE_AVAIL | PTE_P | PTE_W | PTE_U)     // what system calls accept

#define CR0_PE      0x00000001
#define CR0_MP      0x00000002
#define CR0_EM      0x00000004
#define CR0_TS      0x00000008
#define CR0_NE      0x00000020
#define CR0_WP      0x00010000
#define CR0_AM      0x00040000
#define CR0_PG      0x80000000
#define CR4_PSE     0x00000010
#define CR4_PGE     0x00000080

#define FL_TF       0x00000100
#define FL_IF       0x00000200
#define FL_DF       0x00000400
#define FL_IOPL_3   0x00003000
#define FL_NT       0x00004000
#define FL_AC       0x00040000

#define FEC_PR      0x1     // page fault error code: protection (else not present)
#define FEC_WR      0x2     // by a write
#define FEC_U       0x4     // in user mode
