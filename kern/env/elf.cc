#include "kern/env/elf.hh"

#include <algorithm>

#include "inc/elf.hh"

namespace {

using Image = std::span<const std::byte>;

bool lies_within(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset + size <= limit;      // of 32-bit numbers: no overflow
}

template <typename T> Result<T> read_at(Image image, uint64_t offset)
{
    if (!lies_within(offset, sizeof(T), image.size())) {
        return Error::not_executable;
    }
    T value;
    const auto bytes = std::as_writable_bytes(std::span(&value, 1));
    std::copy_n(image.data() + offset, sizeof(T), bytes.data());
    return value;
}

// The page at `va`, allocated if it is not there yet: segments may share a page.
Result<std::byte*> page_for_segment(AddressSpace& space, uintptr_t va, uint32_t rights)
{
    const Pte old = space.entry(va);
    if (old == 0) {
        PageFrame frame = TRY(PageFrame::allocate());
        std::byte* const data = frame.data();
        TRY(space.map(va, std::move(frame), rights));
        return data;
    }
    if ((rights & ~old) != 0) {
        TRY(space.map(va, TRY(space.share(va)), (old | rights) & PTE_SYSCALL));
    }
    return to_pointer(pte_address(old));
}

Result<void> load_segment(AddressSpace& space, Image image, const ElfSegment& segment)
{
    if (segment.p_filesz > segment.p_memsz
        || !lies_within(segment.p_offset, segment.p_filesz, image.size())
        || !lies_within(segment.p_va, segment.p_memsz, UTOP)) {
        return Error::not_executable;
    }
    const uint32_t rights = PTE_U | ((segment.p_flags & elf_flag_write) != 0 ? PTE_W : 0);
    const uint32_t begin = segment.p_va;
    const uint32_t file_end = begin + segment.p_filesz;
    const uint32_t end = begin + segment.p_memsz;
    for (uint32_t va = round_down(begin, page_size); va < end; va += page_size) {
        std::byte* const page = TRY(page_for_segment(space, va, rights));
        const uint32_t from = std::max(va, begin);
        const uint32_t to = std::min<uint32_t>(va + page_size, file_end);
        if (from < to) {
            const std::byte* const source = image.data() + segment.p_offset + (from - begin);
            std::copy_n(source, to - from, page + (from - va));
        }
    }
    return {};
}

}   // namespace

Result<uint32_t> load_elf(AddressSpace& space, Image image)
{
    const ElfHeader header = TRY(read_at<ElfHeader>(image, 0));
    if (!elf_is_supported(header) || header.e_entry >= UTOP) {
        return Error::not_executable;
    }
    for (uint32_t i = 0; i < header.e_phnum; ++i) {
        const uint64_t offset = uint64_t{header.e_phoff} + i * sizeof(ElfSegment);
        const ElfSegment segment = TRY(read_at<ElfSegment>(image, offset));
        if (segment.p_type == elf_segment_load) {
            TRY(load_segment(space, image, segment));
        }
    }
    return header.e_entry;
}
