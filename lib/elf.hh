// Programs as files: the parts of ELF (32 bit, little endian) that loading needs.
// Tool Interface Standard, ELF specification 1.2.
#pragma once
#include <cstdint>

struct ElfHeader {
    uint8_t magic[4];                   // 7F 'E' 'L' 'F'
    uint8_t file_class;                 // 1: 32 bit
    uint8_t encoding;                   // 1: little endian
    uint8_t ident_version;
    uint8_t padding[9];
    uint16_t type;                      // 2: executable
    uint16_t machine;                   // 3: i386
    uint32_t version;
    uint32_t entry;
    uint32_t program_header_offset;
    uint32_t section_header_offset;
    uint32_t flags;
    uint16_t header_size;
    uint16_t program_header_size;
    uint16_t program_header_count;
    uint16_t section_header_size;
    uint16_t section_header_count;
    uint16_t section_name_index;
};
static_assert(sizeof(ElfHeader) == 52);

struct ElfProgramHeader {
    uint32_t type;
    uint32_t offset;
    uint32_t address;
    uint32_t physical_address;
    uint32_t file_size;
    uint32_t memory_size;
    uint32_t flags;
    uint32_t alignment;
};
static_assert(sizeof(ElfProgramHeader) == 32);

inline constexpr uint32_t elf_type_load = 1;
inline constexpr uint32_t elf_flag_write = 2;

constexpr bool is_executable(const ElfHeader& header)
{
    return header.magic[0] == 0x7F && header.magic[1] == 'E' && header.magic[2] == 'L' &&
           header.magic[3] == 'F' && header.file_class == 1 && header.encoding == 1 &&
           header.type == 2 && header.machine == 3 &&
           header.program_header_size == sizeof(ElfProgramHeader);
}
