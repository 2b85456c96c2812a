#include "fs/self_test.hh"

#include <algorithm>
#include <array>
#include <string_view>

#include "inc/stdio.hh"

namespace fs {
namespace {

constexpr std::string_view path = "/self-test";
constexpr std::string_view first_text = "Written by the file server's self-test.\n";
constexpr std::string_view second_text = "And written again.\n";

class SelfTest {
public:
    SelfTest(FileSystem& files, BlockCache& cache) : files_(files), cache_(cache) {}

    Result<void> run()
    {
        TRY(step("alloc_block", allocate()));
        TRY(step("file_open", open()));
        TRY(step("file_get_block", get_block()));
        TRY(step("file_flush", flush()));
        TRY(step("file_truncate", truncate()));
        TRY(step("file rewrite", rewrite()));
        return {};
    }

    // Whatever became of the test, its file goes.
    void clean_up()
    {
        if (auto left = files_.lookup(path); left && files_.unlink(*left)) {
            static_cast<void>(files_.release(*left));
        }
        static_cast<void>(cache_.flush());
    }

private:
    static Result<void> step(const char* name, Result<void> result)
    {
        if (result) {
            cprintf("%s is good\n", name);
        } else {
            cprintf("fs: self-test: %s failed: %s\n", name, error_text(to_abi(result.error())));
        }
        return result;
    }
    static Result<void> require(bool holds)
    {
        if (!holds) {
            return Error::unspecified;
        }
        return {};
    }

    Result<void> write(std::string_view text)
    {
        const size_t size = TRY(files_.write(node_, 0, std::as_bytes(std::span(text))));
        return require(size == text.size());
    }

    // Whether the file's block holds `text`, on the disk itself if it is dropped first.
    Result<bool> holds(std::string_view text)
    {
        const Block block = TRY(cache_.read(block_));
        const auto want = std::as_bytes(std::span(text));
        return std::equal(want.begin(), want.end(), block.bytes().begin());
    }

    Result<void> allocate()
    {
        node_ = TRY(files_.create(path, FileType::regular));
        free_ = files_.free_blocks();
        TRY(write(first_text));
        block_ = TRY(files_.extent_at(TRY(files_.record(node_)), 0, 1)).first;
        const Block bitmap = TRY(cache_.read(bitmap_start + block_ / blocks_per_bitmap_block));
        const uint32_t bit = block_ % blocks_per_bitmap_block;
        const bool is_free = (bitmap.item<uint32_t>(bit / 32) >> (bit % 32) & 1) != 0;
        return require(!is_free && files_.free_blocks() == free_ - 1);
    }

    Result<void> open()
    {
        const auto missing = files_.lookup("/not-found");
        TRY(require(!missing && missing.error() == Error::not_found));
        const Node found = TRY(files_.lookup(path));
        return require(found.place == node_.place);
    }

    Result<void> get_block() { return require(TRY(holds(first_text))); }

    Result<void> flush()
    {
        TRY(require(cache_.changed_blocks() > 0));
        TRY(cache_.flush());
        TRY(require(cache_.changed_blocks() == 0 && cache_.drop(block_)));
        return require(TRY(holds(first_text)));
    }

    Result<void> truncate()
    {
        TRY(files_.set_size(node_, 0));
        const FileRecord record = TRY(files_.record(node_));
        return require(record.size == 0 && record.direct[0] == 0 && files_.free_blocks() == free_);
    }

    Result<void> rewrite()
    {
        TRY(write(second_text));
        block_ = TRY(files_.extent_at(TRY(files_.record(node_)), 0, 1)).first;
        TRY(cache_.flush());
        TRY(require(cache_.drop(block_)));
        return require(TRY(holds(second_text)));
    }

    FileSystem& files_;
    BlockCache& cache_;
    Node node_{};
    uint32_t block_ = 0;                // the file's only one
    uint32_t free_ = 0;                 // free blocks while the file is empty
};

}  // namespace

Result<void> run_self_test(FileSystem& files, BlockCache& cache)
{
    SelfTest test(files, cache);
    const auto result = test.run();
    test.clean_up();
    return result;
}

}  // namespace fs
