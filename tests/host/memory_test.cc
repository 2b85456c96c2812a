// Page frames, address spaces and the ELF loader, over a block of host memory that stands for
// the machine's.
#include <gtest/gtest.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "inc/elf.hh"
#include "kern/cpu/paging.hh"
#include "kern/debug/panic.hh"
#include "kern/env/elf.hh"
#include "kern/memory/address_space.hh"
#include "kern/memory/boot_memory.hh"
#include "kern/memory/mmio.hh"

namespace {

constexpr size_t machine_bytes = 8 << 20;
constexpr uint32_t image_end = 2 << 20;
alignas(page_size) std::array<std::byte, machine_bytes> machine;
uint32_t directory = 0;
PageAllowance allowance;
uint32_t pages = 0;
std::vector<uintptr_t> invalidated;

}   // namespace

// What the kernel's other parts provide on the machine.
std::byte* to_pointer(PhysAddr address) { return machine.data() + address.value; }
PhysAddr to_physical(const volatile void* pointer)
{
    return {static_cast<uint32_t>(static_cast<const volatile std::byte*>(pointer) - machine.data())};
}
uint32_t loaded_directory() { return directory; }
void load_directory(uint32_t physical_address) { directory = physical_address; }
bool has_stale_pages() { return false; }
void invalidate_page(uint32_t, uintptr_t va) { invalidated.push_back(va); }
void leave_directory_elsewhere(uint32_t) {}
void panic_at(const char* file, int line, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "panic at %s:%d: ", file, line);
    std::vfprintf(stderr, format, arguments);
    va_end(arguments);
    std::abort();
}

namespace {

void add_range(BootInfo& info, uint64_t base, uint64_t length, uint32_t type = e820_usable)
{
    info.entries[info.entry_count].base = base;
    info.entries[info.entry_count].length = length;
    info.entries[info.entry_count].type = type;
    ++info.entry_count;
}

class Machine : public testing::Test {
public:
    // Once for all suites: the kernel boots once.
    static void SetUpTestSuite()
    {
        if (directory != 0) {
            return;
        }
        auto& info = *reinterpret_cast<BootInfo*>(to_pointer({BOOT_INFO}));
        info.entry_count = 0;
        add_range(info, 0, 0x9FC00);
        add_range(info, 0xF0000, 0x10000, 2);
        add_range(info, 0x100000, machine_bytes - 0x100000);
        const MemoryMap map = read_memory_map();
        BootAllocator boot(to_pointer({image_end}), map.end);
        const PhysAddr envs = to_physical(boot.allocate<std::byte>(page_size));
        const PhysAddr clock = to_physical(boot.allocate<std::byte>(page_size));
        frames_allocate(map, boot);
        address_spaces_init(boot, envs, page_size, clock);
        frames_init(map, boot);
    }
    void SetUp() override { free_before_ = frame_counts().free; }
    void TearDown() override { EXPECT_EQ(frame_counts().free, free_before_) << "frames leaked"; }

private:
    uint32_t free_before_ = 0;
};

using Frames = Machine;
using Spaces = Machine;
using Elf = Machine;

TEST_F(Frames, ManageWhatTheKernelDoesNotUse)
{
    EXPECT_GT(frame_counts().free, (machine_bytes - image_end) / page_size - 80);
    EXPECT_LT(frame_counts().free, (machine_bytes - image_end) / page_size);
    const PageFrame frame = *PageFrame::allocate();
    EXPECT_GE(frame.physical().value, image_end);
}

TEST_F(Frames, AreZeroedAndCounted)
{
    PhysAddr address;
    {
        PageFrame frame = *PageFrame::allocate();
        address = frame.physical();
        std::memset(frame.data(), 0xAA, page_size);
        PageFrame second = *frame.share();
        EXPECT_EQ(frame.references(), 2);
        second.reset();
        EXPECT_EQ(frame.references(), 1);
    }
    const PageFrame again = *PageFrame::allocate();
    EXPECT_EQ(again.physical(), address);
    for (size_t i = 0; i < page_size; ++i) {
        ASSERT_EQ(again.data()[i], std::byte{0});
    }
}

TEST_F(Frames, RunOutWithAnError)
{
    std::vector<PageFrame> all;
    for (;;) {
        Result<PageFrame> frame = PageFrame::allocate(PageFrame::Fill::none);
        if (!frame) {
            EXPECT_EQ(frame.error(), Error::no_memory);
            break;
        }
        all.push_back(std::move(*frame));
    }
    EXPECT_EQ(frame_counts().free, 0u);
    EXPECT_EQ(all.size(), frame_counts().total);
}

TEST_F(Frames, RefuseReferencesBeyondTheCounter)
{
    PageFrame frame = *PageFrame::allocate();
    std::vector<PageFrame> references;
    for (;;) {
        Result<PageFrame> next = frame.share();
        if (!next) {
            EXPECT_EQ(next.error(), Error::no_memory);
            break;
        }
        references.push_back(std::move(*next));
    }
    EXPECT_EQ(references.size(), 65534u);
}

TEST_F(Spaces, MapShareAndUnmap)
{
    AddressSpace first = *AddressSpace::create(allowance, pages);
    AddressSpace second = *AddressSpace::create(allowance, pages);
    constexpr uintptr_t va = 0x00800000;
    ASSERT_TRUE(first.map(va, *PageFrame::allocate(), PTE_U | PTE_W));
    ASSERT_TRUE(second.map(va + page_size, *first.share(va), PTE_U));
    EXPECT_EQ(pte_address(first.entry(va)), pte_address(second.entry(va + page_size)));
    EXPECT_EQ(second.entry(va + page_size) & (PTE_P | PTE_U | PTE_W), PTE_P | PTE_U);
    EXPECT_EQ(second.entry(va), 0u);
    EXPECT_EQ(second.share(va).error(), Error::invalid_argument);

    invalidated.clear();
    first.unmap(va);
    EXPECT_EQ(invalidated, std::vector<uintptr_t>{va});
    EXPECT_EQ(first.entry(va), 0u);
    first.unmap(va);
    first.unmap(0x10000000);
}

TEST_F(Spaces, FindTheNextMappedPageAcrossHoles)
{
    AddressSpace space = *AddressSpace::create(allowance, pages);
    for (const uintptr_t va : {0x003FF000u, 0x00C00000u}) {
        ASSERT_TRUE(space.map(va, *PageFrame::allocate(), PTE_U));
    }
    EXPECT_EQ(space.next_mapped(0, UTOP), 0x003FF000u);
    EXPECT_EQ(space.next_mapped(0x00400000, UTOP), 0x00C00000u);
    EXPECT_EQ(space.next_mapped(0x00400000, 0x00B00000), 0x00B00000u);
    EXPECT_EQ(space.next_mapped(0x00C01000, UTOP), uintptr_t{UTOP});
}

TEST_F(Spaces, ReplaceAMappingAndDropTheOldPage)
{
    AddressSpace space = *AddressSpace::create(allowance, pages);
    PageFrame watched = *PageFrame::allocate();
    ASSERT_TRUE(space.map(0x1000, *watched.share(), PTE_U));
    EXPECT_EQ(watched.references(), 2);
    ASSERT_TRUE(space.map(0x1000, *PageFrame::allocate(), PTE_U));
    EXPECT_EQ(watched.references(), 1);
    ASSERT_TRUE(space.map(0x1000, *watched.share(), PTE_U));
    ASSERT_TRUE(space.map(0x1000, *space.share(0x1000), PTE_U | PTE_W));
    EXPECT_EQ(watched.references(), 2);
}

TEST_F(Spaces, MapFailsWholeWithoutMemoryForATable)
{
    AddressSpace space = *AddressSpace::create(allowance, pages);
    PageFrame page = *PageFrame::allocate();
    std::vector<PageFrame> rest;
    while (Result<PageFrame> frame = PageFrame::allocate(PageFrame::Fill::none)) {
        rest.push_back(std::move(*frame));
    }
    EXPECT_EQ(space.map(0x1000, std::move(page), PTE_U).error(), Error::no_memory);
    EXPECT_EQ(space.entry(0x1000), 0u);
}

TEST_F(Spaces, CountPagesAndPayForTables)
{
    PageAllowance small{.used = 0, .limit = 4, .reserve = 0};
    uint32_t mapped = 0;
    const auto allocate = [&] { return PageFrame::allocate_for(small); };
    {
        AddressSpace space = *AddressSpace::create(small, mapped);
        ASSERT_TRUE(space.map(0x1000, *allocate(), PTE_U));
        ASSERT_TRUE(space.map(0x1000, *allocate(), PTE_U));     // in its place: no more
        EXPECT_EQ(mapped, 3u);                                  // directory, table, page
        EXPECT_EQ(small.used, 3u);
        ASSERT_TRUE(space.map(0x2000, *space.share(0x1000), PTE_U));
        EXPECT_EQ(mapped, 4u);
        EXPECT_EQ(small.used, 3u);                              // a shared page is paid once
        ASSERT_TRUE(space.map(0x3000, *allocate(), PTE_U));
        EXPECT_EQ(allocate().error(), Error::no_memory);
        EXPECT_EQ(space.map(PTSIZE, *space.share(0x1000), PTE_U).error(), Error::no_memory);
        EXPECT_EQ(AddressSpace::create(small, mapped).error(), Error::no_memory);
        space.unmap(0x3000);
        EXPECT_TRUE(small.allows(1));
    }
    EXPECT_EQ(mapped, 0u);
    EXPECT_EQ(small.used, 0u);
}

TEST_F(Spaces, ArePaidByAnother)
{
    PageAllowance first, second;
    uint32_t mapped = 0;
    AddressSpace space = *AddressSpace::create(first, mapped);
    ASSERT_TRUE(space.map(0x1000, *PageFrame::allocate_for(first), PTE_U));
    const PageFrame shared = *PageFrame::allocate_for(first);
    ASSERT_TRUE(space.map(0x2000, *shared.share(), PTE_U));
    space.pay_by(second);
    EXPECT_EQ(first.used, 1u);          // what others have, too
    EXPECT_EQ(second.used, 3u);
    ASSERT_TRUE(space.map(PTSIZE, *shared.share(), PTE_U));
    EXPECT_EQ(second.used, 4u);
}

TEST_F(Frames, LeaveTheReserveToOthers)
{
    PageAllowance modest{.used = 0, .limit = UINT32_MAX, .reserve = frame_counts().free - 2};
    const PageFrame one = *PageFrame::allocate_for(modest);
    const PageFrame two = *PageFrame::allocate_for(modest);
    EXPECT_EQ(PageFrame::allocate_for(modest).error(), Error::no_memory);
    EXPECT_TRUE(PageFrame::allocate());
}

TEST_F(Spaces, LeaveTheCpuBeforeTheyEnd)
{
    {
        AddressSpace space = *AddressSpace::create(allowance, pages);
        ASSERT_TRUE(space.map(0x1000, *PageFrame::allocate(), PTE_U));
        space.load();
        EXPECT_NE(directory, 0u);
    }
    const uint32_t kernel = directory;
    load_kernel_space();
    EXPECT_EQ(directory, kernel);
}

TEST_F(Spaces, ShowTheKernelsPartToAll)
{
    AddressSpace space = *AddressSpace::create(allowance, pages);
    EXPECT_EQ(space.entry(UPAGES) & (PTE_P | PTE_U | PTE_W), PTE_P | PTE_U);
    EXPECT_EQ(pte_address(space.entry(UPAGES)), frame_references_table());
    EXPECT_EQ(space.entry(UENVS) & (PTE_P | PTE_U | PTE_W), PTE_P | PTE_U);
    EXPECT_EQ(space.entry(UCLOCK) & (PTE_P | PTE_U | PTE_W), PTE_P | PTE_U);
    EXPECT_EQ(space.entry(KSTACKTOP - page_size) & (PTE_P | PTE_U | PTE_W), PTE_P | PTE_W);
    EXPECT_EQ(space.entry(KSTACKTOP - KSTKSIZE - page_size), 0u);
}

TEST_F(Spaces, MapDevicesUntilTheWindowIsFull)
{
    volatile std::byte* const registers = *mmio_map({0xFEBC0010}, 128 * 1024);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(registers) % page_size, 0x10u);
    EXPECT_EQ(mmio_map({0xE0000000}, 8 << 20).error(), Error::no_memory);
    EXPECT_EQ(mmio_map({0xE0000000}, 0).error(), Error::no_memory);
}

// An image with one segment, whose header the tests then bend.
struct TestImage {
    ElfHeader header{};
    ElfSegment segment{};
    std::array<char, 32> content{"the program's text"};

    TestImage()
    {
        header.e_magic = elf_magic;
        header.e_class = elf_class_32;
        header.e_data = elf_little_endian;
        header.e_type = elf_type_executable;
        header.e_machine = elf_machine_386;
        header.e_entry = 0x00800010;
        header.e_phoff = offsetof(TestImage, segment);
        header.e_phentsize = sizeof(ElfSegment);
        header.e_phnum = 1;
        segment.p_type = elf_segment_load;
        segment.p_offset = offsetof(TestImage, content);
        segment.p_va = 0x00800FF8;          // crosses into a second page
        segment.p_filesz = sizeof(content);
        segment.p_memsz = 3 * page_size;
        segment.p_flags = elf_flag_read;
    }
    Result<uint32_t> load(AddressSpace& space) const
    {
        return load_elf(space, std::as_bytes(std::span(this, 1)));
    }
    Error error() const
    {
        AddressSpace space = *AddressSpace::create(allowance, pages);
        const Result<uint32_t> loaded = load(space);
        return loaded ? Error::unspecified : loaded.error();
    }
};

TEST_F(Elf, LoadsSegmentsAcrossPages)
{
    AddressSpace space = *AddressSpace::create(allowance, pages);
    const TestImage image;
    EXPECT_EQ(*image.load(space), 0x00800010u);
    const Pte first = space.entry(0x00800000);
    const Pte second = space.entry(0x00801000);
    EXPECT_EQ(first & (PTE_U | PTE_W), PTE_U);
    EXPECT_EQ(std::memcmp(to_pointer(pte_address(first)) + 0xFF8, "the prog", 8), 0);
    EXPECT_EQ(std::memcmp(to_pointer(pte_address(second)), "ram's text", 11), 0);
    EXPECT_NE(space.entry(0x00803000), 0u);
    EXPECT_EQ(space.entry(0x00804000), 0u);
}

TEST_F(Elf, GivesAPageThatTwoSegmentsShareTheRightsOfBoth)
{
    struct {
        TestImage image;
        ElfSegment second;
    } two;
    two.second = two.image.segment;
    two.second.p_flags = elf_flag_read | elf_flag_write;
    two.second.p_memsz = two.second.p_filesz = 8;
    two.image.header.e_phnum = 2;
    two.image.header.e_phoff = 2000;
    std::vector<std::byte> bytes(3000);
    std::memcpy(bytes.data(), &two, sizeof(two));
    std::memcpy(bytes.data() + 2000, &two.image.segment, sizeof(ElfSegment));
    std::memcpy(bytes.data() + 2000 + sizeof(ElfSegment), &two.second, sizeof(ElfSegment));
    AddressSpace space = *AddressSpace::create(allowance, pages);
    ASSERT_TRUE(load_elf(space, bytes));
    EXPECT_EQ(space.entry(0x00800000) & (PTE_U | PTE_W), PTE_U | PTE_W);
    EXPECT_EQ(space.entry(0x00801000) & (PTE_U | PTE_W), PTE_U);
}

TEST_F(Elf, RefusesWhatIsNotAProgramForThisMachine)
{
    TestImage image;
    image.header.e_magic = 0x464C4580;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.header.e_class = 2;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.header.e_machine = 62;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.header.e_phentsize = 56;
    EXPECT_EQ(image.error(), Error::not_executable);
    AddressSpace space = *AddressSpace::create(allowance, pages);
    EXPECT_EQ(load_elf(space, {}).error(), Error::not_executable);
}

TEST_F(Elf, RefusesSegmentsThatLeaveTheImageOrTheProgramsMemory)
{
    TestImage image;
    image.header.e_phoff = 0xFFFFFFF0;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.header.e_phnum = 2000;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.segment.p_offset = sizeof(TestImage) - 4;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.segment.p_filesz = image.segment.p_memsz + 1;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.segment.p_va = UTOP - page_size;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.segment.p_va = 0xFFFFF000;
    image.segment.p_memsz = 0x2000;
    EXPECT_EQ(image.error(), Error::not_executable);
    image = {};
    image.header.e_entry = KERNBASE;
    EXPECT_EQ(image.error(), Error::not_executable);
}

TEST_F(Elf, ReportsAProgramThatNeedsMoreThanThereIs)
{
    TestImage image;
    image.segment.p_memsz = 64 << 20;
    EXPECT_EQ(image.error(), Error::no_memory);
}

}   // namespace
