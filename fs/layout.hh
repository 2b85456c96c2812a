// The on-disk format, version 2. Numbers are little endian; blocks are 4 KiB.
//
//   block 0          left alone (a boot sector may live there)
//   block 1          superblock; its second 256 bytes are the root directory's record
//   blocks 2 to ...  bitmap: one bit a block, 1 is free; 32,768 blocks a bitmap block
//   then 64 blocks   the journal, on disks of 512 blocks or more; smaller ones have none
//   the rest         contents of files and directories, and blocks of block numbers
//
// A file is a 256-byte record in the directory that holds it: name, size, and where its blocks
// are: the first 10 by number in the record, 1024 more through the indirect block, 1024 * 1024
// more through the double-indirect block (a block of indirect blocks). Block number 0 is a hole,
// which reads as zeros. Bytes after the end of a file in its last block are zero. A directory's
// size is a multiple of the block size, its contents are records; a record with an empty name is
// free. Names are 1 to 127 bytes, anything but '/' and zero, and not "." or "..".
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fs {

static_assert(std::endian::native == std::endian::little, "the format is read in place");

inline constexpr uint32_t block_size = 4096;
inline constexpr uint32_t blocks_per_bitmap_block = block_size * 8;
inline constexpr uint32_t numbers_per_block = block_size / sizeof(uint32_t);
inline constexpr uint32_t direct_blocks = 10;
inline constexpr uint32_t max_file_blocks =
    direct_blocks + numbers_per_block + numbers_per_block * numbers_per_block;
inline constexpr uint64_t max_file_bytes = 0x7FFFFFFF;  // programs' offsets are 31 bits
static_assert(max_file_bytes <= uint64_t{max_file_blocks} * block_size);

inline constexpr uint32_t superblock_number = 1;
inline constexpr uint32_t bitmap_start = 2;
inline constexpr uint32_t max_disk_blocks = 0xC0000000 / block_size;    // what the server can map

inline constexpr std::array<char, 8> superblock_magic{'J', 'O', 'S', '+', '+', 'F', 'S', '\0'};
inline constexpr uint32_t format_version = 2;

inline constexpr size_t name_bytes = 128;

enum class FileType : uint32_t { regular = 0, directory = 1 };

// A file, as its directory knows it.
struct FileRecord {
    std::array<char, name_bytes> name{};    // ends with a zero; empty: the record is free
    uint64_t size = 0;                      // in bytes
    FileType type = FileType::regular;
    uint32_t reserved = 0;
    int64_t modified = 0;                   // seconds since 1970, UTC
    std::array<uint32_t, direct_blocks> direct{};
    uint32_t indirect = 0;
    uint32_t double_indirect = 0;
    std::array<uint8_t, 56> reserved_end{};

    bool is_free() const { return name[0] == '\0'; }
    bool is_directory() const { return type == FileType::directory; }
    uint32_t blocks() const
    {
        return static_cast<uint32_t>((size + block_size - 1) / block_size);
    }
};
static_assert(sizeof(FileRecord) == 256);
static_assert(offsetof(FileRecord, size) == 128);
static_assert(offsetof(FileRecord, modified) == 144);
static_assert(offsetof(FileRecord, direct) == 152);
static_assert(offsetof(FileRecord, double_indirect) == 196);

inline constexpr uint32_t records_per_block = block_size / sizeof(FileRecord);

struct Superblock {
    std::array<char, 8> magic{};
    uint32_t version = 0;
    uint32_t block_bytes = 0;               // block_size
    uint32_t block_count = 0;               // of the whole file system, block 0 included
    uint32_t bitmap_blocks = 0;
    std::array<uint8_t, 232> reserved{};
    FileRecord root;
};
static_assert(sizeof(Superblock) == 512);
static_assert(offsetof(Superblock, root) == sizeof(FileRecord), "the root is record 1 of block 1");
inline constexpr uint32_t root_slot = 1;

constexpr uint32_t bitmap_blocks_for(uint32_t block_count)
{
    return (block_count + blocks_per_bitmap_block - 1) / blocks_per_bitmap_block;
}

constexpr uint32_t journal_start(uint32_t block_count)
{
    return bitmap_start + bitmap_blocks_for(block_count);
}

constexpr uint32_t journal_blocks_for(uint32_t block_count)
{
    return block_count >= 512 ? 64 : 0;
}

// The first block that a file may have.
constexpr uint32_t first_data_block(uint32_t block_count)
{
    return journal_start(block_count) + journal_blocks_for(block_count);
}

// The journal's first block. Behind it are the new contents of `count` blocks; fs/journal.hh.
struct JournalHeader {
    std::array<char, 8> magic{};
    uint64_t checksum = 0;
    uint32_t count = 0;
    std::array<uint32_t, 1019> targets{};   // where each of them belongs
};
static_assert(sizeof(JournalHeader) == block_size);
inline constexpr std::array<char, 8> journal_magic{'J', 'O', 'S', '+', '+', 'J', 'L', '\0'};

// Blocks of numbers that a file of this many blocks has, when none of it is a hole.
constexpr uint32_t number_blocks_for(uint32_t blocks)
{
    uint32_t count = 0;
    if (blocks > direct_blocks) {
        count++;
    }
    if (blocks > direct_blocks + numbers_per_block) {
        const uint32_t beyond = blocks - direct_blocks - numbers_per_block;
        count += 1 + (beyond + numbers_per_block - 1) / numbers_per_block;
    }
    return count;
}
static_assert(number_blocks_for(10) == 0 && number_blocks_for(11) == 1);
static_assert(number_blocks_for(1034) == 1 && number_blocks_for(1035) == 3);

constexpr bool is_valid_name(std::string_view name)
{
    return !name.empty() && name.size() < name_bytes && name != "." && name != ".."
        && name.find('/') == name.npos && name.find('\0') == name.npos;
}

}  // namespace fs
