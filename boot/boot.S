// The boot sector. The BIOS loads it to 0x7C00 and starts it in real mode. It opens the A20 line,
// leaves the memory map at BOOT_INFO (inc/boot_info.hh), enters 32-bit protected mode, loads the
// kernel's ELF file, which starts at sector 1 of the first IDE disk, to the physical addresses its
// program headers name, and jumps to its entry point, a physical address too: flat segments GD_KT
// and GD_KD, paging and interrupts off. What goes wrong is said on screen and serial line.
//
// Linked at 0x7C00 (-Ttext 0x7C00 -e start); at most 510 bytes. docs/booting.md tells the story.

#include "inc/layout.h"

#define E820_SIGNATURE  0x534D4150      // "SMAP"
#define E820_ENTRY_SIZE 20
#define E820_MAX        64              // max_e820_entries in inc/boot_info.hh

#define ELF             0x8000          // the ELF file's first sector
#define ELF_MAGIC       0x464C457F
#define ELF_ENTRY       (ELF + 24)
#define ELF_PHOFF       (ELF + 28)
#define ELF_PHNUM       (ELF + 44)
#define PH_TYPE         0               // offsets in a program header
#define PH_OFFSET       4
#define PH_PADDR        12
#define PH_FILESZ       16
#define PH_MEMSZ        20
#define PH_SIZE         32
#define PT_LOAD         1

#define IDE_DATA        0x1F0           // ATA-6: 7.2 registers, 8.27 and 8.48 commands
#define IDE_COUNT       0x1F2           //   then three bytes of sector number
#define IDE_DEVICE      0x1F6           //   and its top four bits
#define IDE_COMMAND     0x1F7           // status when read
#define IDE_LBA         0xE0            // first disk, sector numbers instead of cylinders
#define IDE_SET_MULTIPLE  0xC6
#define IDE_READ_MULTIPLE 0xC4
#define BLOCK_SECTORS   16              // a read moves at most this many, in one burst

#define SERIAL          0x3F8
#define SERIAL_STATUS   (SERIAL + 5)
#define SERIAL_IDLE     0x20
#define SCREEN          0xB8000
#define WHITE_ON_RED    0x4F

    .text
    .globl start
    .code16
start:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $start, %esp

    // Address line 20: ask the BIOS, and set the chip set's fast gate as well.
    movw $0x2401, %ax
    int $0x15
    inb $0x92, %al
    orb $2, %al
    andb $0xFE, %al                     // bit 0 would reset the machine
    outb %al, $0x92

    // INT 15h, AX=E820h: an entry of the memory map a call, until it fails or ebx is 0.
    movl $BOOT_INFO, %esi
    movl $0, (%si)
    leaw 4(%si), %di
    xorl %ebx, %ebx
next_entry:
    movl $0xE820, %eax
    movl $E820_SIGNATURE, %edx
    movl $E820_ENTRY_SIZE, %ecx
    int $0x15
    jc map_done
    cmpl $E820_SIGNATURE, %eax
    jne map_done
    incw (%si)
    addw $E820_ENTRY_SIZE, %di
    cmpw $E820_MAX, (%si)
    jae map_done
    testl %ebx, %ebx
    jnz next_entry
map_done:
    cli
    lgdt gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmp $GD_KT, $protected

    .code32
protected:
    movw $GD_KD, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss

    // Let a read move its sectors in one burst.
    call wait_disk
    movw $IDE_COUNT, %dx
    movb $BLOCK_SECTORS, %al
    outb %al, %dx
    movb $IDE_LBA, %al
    movb $IDE_DEVICE & 0xFF, %dl
    outb %al, %dx
    movb $IDE_SET_MULTIPLE, %al
    incl %edx
    outb %al, %dx

    movl $ELF, %edi
    leal 1(%edi), %ebp
    xorl %ebx, %ebx
    call load
    movl $bad_elf, %esi
    cmpl $ELF_MAGIC, ELF
    jne fail

    movl $ELF, %esi
    addl ELF_PHOFF, %esi
next_segment:
    cmpb $PT_LOAD, PH_TYPE(%esi)
    jne segment_done
    movl PH_PADDR(%esi), %edi
    movl PH_OFFSET(%esi), %ebx
    movl PH_FILESZ(%esi), %ebp
    addl %edi, %ebp
    cmpl %edi, %ebp
    je zero_rest                        // nothing in the file
    call load
zero_rest:
    movl PH_MEMSZ(%esi), %ecx
    subl PH_FILESZ(%esi), %ecx
    movl %ebp, %edi
    movb %cl, %dl
    xorl %eax, %eax
    shrl $2, %ecx
    rep stosl
    movb %dl, %cl
    andb $3, %cl
    rep stosb
segment_done:
    addl $PH_SIZE, %esi
    decw ELF_PHNUM
    jnz next_segment
    jmp *ELF_ENTRY

// Reads the file's bytes from offset ebx to physical addresses edi up to ebp, in whole sectors:
// both are rounded down together (the linker keeps them equal modulo the page size).
load:
    shrl $9, %ebx
    incl %ebx                           // the file begins at sector 1
    andl $~511, %edi
load_block:
    call wait_disk
    movl %ebp, %ecx
    subl %edi, %ecx
    addl $511, %ecx
    shrl $9, %ecx                       // sectors to go
    cmpl $BLOCK_SECTORS, %ecx
    jbe count_is_right
    movl $BLOCK_SECTORS, %ecx
count_is_right:
    movw $IDE_COUNT, %dx
    movb %cl, %al
    outb %al, %dx
    movl %ebx, %eax
    orl $IDE_LBA << 24, %eax
next_address_byte:
    incl %edx
    outb %al, %dx
    shrl $8, %eax
    cmpb $IDE_DEVICE & 0xFF, %dl
    jne next_address_byte
    incl %edx
    movb $IDE_READ_MULTIPLE, %al
    outb %al, %dx
    call wait_disk
    testb $0x08, %al                    // it must have data now
    jz disk_failed
    addl %ecx, %ebx
    shll $7, %ecx                       // in units of four bytes
    movw $IDE_DATA, %dx
    rep insl
    cmpl %ebp, %edi
    jb load_block
    ret

// Waits until the disk is not busy; its status in al. An error, or a disk that stays busy for
// some seconds, ends the boot. Keeps all registers but eax and edx.
wait_disk:
    pushl %ecx
    movl $0x800000, %ecx
    movl $IDE_COMMAND, %edx
poll_disk:
    inb %dx, %al
    testb $0x80, %al                    // busy: the other bits mean nothing
    loopnz poll_disk
    popl %ecx
    testb $0xA1, %al                    // still busy, device fault or error
    jz disk_is_ready
disk_failed:
    movl $disk_error, %esi
    jmp fail
disk_is_ready:
    ret

// Prints the text at esi and stops for good.
fail:
    movl $SCREEN, %edi
    movb $WHITE_ON_RED, %ah
next_character:
    xorl %ecx, %ecx
    movw $SERIAL_STATUS, %dx
poll_serial:
    decw %cx                            // a line that never gets idle is not waited for
    jz send
    inb %dx, %al
    testb $SERIAL_IDLE, %al
    jz poll_serial
send:
    lodsb
    testb %al, %al
    jz halt
    movb $SERIAL & 0xFF, %dl
    outb %al, %dx
    stosw
    jmp next_character
halt:
    hlt
    jmp halt

disk_error:
    .asciz "Boot: disk error"
bad_elf:
    .asciz "Boot: no ELF kernel at sector 1"

    .p2align 2
gdt:
    .quad 0
    .quad 0x00CF9A000000FFFF            // GD_KT: code, base 0, 4 GiB, 32 bits
    .quad 0x00CF92000000FFFF            // GD_KD: data, the same
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt
