// Checks a whole image: every record, every block number, and the bitmap against what the files
// use.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "fs/block_store.hh"

namespace fs {

enum class ProblemKind {
    superblock,         // nothing else can be checked
    bad_record,         // a record that cannot be right: the file cannot be used
    bad_name,           // a name that no path can have, or that the directory has twice
    bad_number,         // a block number outside of what files may have
    used_twice,         // a block that two files have, or one file twice
    beyond_end,         // a block after the file's end
    bytes_after_end,    // the last block holds something behind the file's end
    marked_free,        // in use, but free by the bitmap: would be given away a second time
    lost,               // not in use, but not free by the bitmap either
};

struct Problem {
    ProblemKind kind = ProblemKind::superblock;
    std::string path;                   // of the file; empty: not a file's problem
    uint32_t block = 0;                 // the block it is about, or where the record is
    std::string text;                   // the whole of it, for people
};

struct CheckReport {
    static constexpr size_t max_kept = 1000;

    std::vector<Problem> problems;      // the first of them
    uint64_t problem_count = 0;
    uint64_t fixable = 0;               // of these, what a repair sets right
    uint32_t files = 0, directories = 0;
    uint32_t block_count = 0, used_blocks = 0, free_blocks = 0;
};

CheckReport check_image(BlockStore& store);

// Makes the bitmap say what the files use. While there is other damage no block becomes free: it
// may belong to a file that cannot be found now. Another check says what is left.
void repair_bitmap(BlockStore& store);

}  // namespace fs
