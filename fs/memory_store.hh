// A file system image in memory, for host tools and tests.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fs/block_store.hh"

namespace fs {

class MemoryStore final : public BlockStore {
public:
    explicit MemoryStore(std::span<std::byte> image) : image_(image) {}

    uint32_t block_count() const override
    {
        return static_cast<uint32_t>(image_.size() / block_size);
    }
    Result<void> flush() override { return {}; }
    std::byte* data(uint32_t number) { return image_.data() + size_t{number} * block_size; }

private:
    Result<std::byte*> pin(uint32_t number, Contents contents) override
    {
        if (number >= block_count()) {
            return Error::corrupt;
        }
        if (contents != Contents::from_disk) {
            std::fill_n(data(number), block_size, std::byte{0});
        }
        return data(number);
    }
    void unpin(uint32_t) override {}
    void mark_changed(uint32_t, Change) override {}

    std::span<std::byte> image_;
};

}  // namespace fs
