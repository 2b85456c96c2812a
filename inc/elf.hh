// The parts of the ELF-32 format that loaders read. Tool Interface Standard, ELF 1.2.
#pragma once
#include <cstdint>

inline constexpr uint32_t elf_magic = 0x464C457F;       // "\x7FELF", little endian

struct ElfHeader {
    uint32_t e_magic;
    uint8_t e_class, e_data, e_ident_version, e_ident_rest[9];
    uint16_t e_type, e_machine;
    uint32_t e_version, e_entry, e_phoff, e_shoff, e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
static_assert(sizeof(ElfHeader) == 52);

struct ElfSegment {                                     // a program header
    uint32_t p_type, p_offset, p_va, p_pa, p_filesz, p_memsz, p_flags, p_align;
};
static_assert(sizeof(ElfSegment) == 32);

inline constexpr uint8_t elf_class_32 = 1, elf_little_endian = 1;
inline constexpr uint16_t elf_type_executable = 2, elf_machine_386 = 3;
inline constexpr uint32_t elf_segment_load = 1;
inline constexpr uint32_t elf_flag_execute = 1, elf_flag_write = 2, elf_flag_read = 4;

// Whether a loader may go on with an image that begins with `header`.
constexpr bool elf_is_supported(const ElfHeader& header)
{
    return header.e_magic == elf_magic && header.e_class == elf_class_32
        && header.e_data == elf_little_endian && header.e_type == elf_type_executable
        && header.e_machine == elf_machine_386 && header.e_phentsize == sizeof(ElfSegment);
}
