#include "tests/host/fake_kernel.hh"

#include <sanitizer/asan_interface.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kern/dev/clock.hh"
#include "kern/memory/mmio.hh"

// Not from the headers: they would get in the way of <cstdio>.
[[noreturn]] void panic_at(const char* file, int line, const char* format, ...);
int cprintf(const char* format, ...);

namespace {

// Physical memory: an address is an offset into the arena. Frames that nobody owns are poisoned,
// so that the address sanitizer finds who touches them.
constexpr size_t arena_frames = 2048;
alignas(page_size) std::array<std::byte, arena_frames * page_size> arena;
std::vector<uint16_t> reference_counts(arena_frames);
size_t frames_left = arena_frames;

std::string console;
uint64_t time_now = 0;
std::map<uint32_t, volatile std::byte*> device_memory;
std::array<fake::Interrupt, irq_lines> interrupts;
std::map<const WaitQueue*, unsigned> wake_counts;

uint32_t number_of(PhysAddr address) { return address.value >> page_shift; }

std::byte* frame_memory(uint32_t number) { return arena.data() + number * page_size; }

}  // namespace

void fake::reset()
{
    console.clear();
    frames_left = arena_frames;
    device_memory.clear();
    interrupts = {};
    wake_counts.clear();
}

std::string fake::take_console() { return std::exchange(console, {}); }

size_t fake::frames_in_use()
{
    size_t used = 0;
    for (const uint16_t count : reference_counts) {
        used += count > 0 ? 1 : 0;
    }
    return used;
}

void fake::limit_frames(size_t more) { frames_left = more; }

uint64_t fake::now_us() { return time_now; }

void fake::add_device_memory(PhysAddr address, volatile std::byte* registers)
{
    device_memory[address.value] = registers;
}

fake::Interrupt fake::installed_interrupt(unsigned line) { return interrupts.at(line); }

unsigned fake::wakes(const WaitQueue& queue) { return wake_counts[&queue]; }

void panic_at(const char* file, int line, const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    std::fprintf(stderr, "panic at %s:%d: ", file, line);
    std::vfprintf(stderr, format, arguments);
    std::fputc('\n', stderr);
    va_end(arguments);
    std::abort();
}

int cprintf(const char* format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    console += line;
    return length;
}

uint64_t time_us() { return ++time_now; }

void delay_us(uint32_t us) { time_now += us; }

std::byte* to_pointer(PhysAddr address)
{
    if (number_of(address) == 0 || number_of(address) >= arena_frames) {
        panic_at(__FILE__, __LINE__, "no memory at physical address %#x", address.value);
    }
    return arena.data() + address.value;
}

PhysAddr to_physical(const volatile void* pointer)
{
    return {static_cast<uint32_t>(static_cast<const volatile std::byte*>(pointer) - arena.data())};
}

Result<PageFrame> PageFrame::allocate(Fill fill)
{
    for (uint32_t number = 1; number < arena_frames && frames_left > 0; ++number) {
        if (reference_counts[number] == 0) {
            reference_counts[number] = 1;
            --frames_left;
            ASAN_UNPOISON_MEMORY_REGION(frame_memory(number), page_size);
            std::memset(frame_memory(number), fill == Fill::zero ? 0 : 0xA5, page_size);
            return PageFrame(number);
        }
    }
    return Error::no_memory;
}

void PageFrame::reset()
{
    const uint32_t number = std::exchange(number_, 0);
    if (number != 0 && --reference_counts[number] == 0) {
        ASAN_POISON_MEMORY_REGION(frame_memory(number), page_size);
    }
}

Result<volatile std::byte*> mmio_map(PhysAddr address, size_t)
{
    const auto found = device_memory.find(address.value);
    if (found == device_memory.end()) {
        return Error::no_memory;
    }
    return found->second;
}

Result<void> irq_install(unsigned line, IrqHandler handler, void* context)
{
    if (line >= irq_lines) {
        return Error::invalid_argument;
    }
    interrupts[line] = {handler, context};
    return {};
}

void WaitQueue::wake_all() { ++wake_counts[this]; }
void WaitQueue::wake_one() { ++wake_counts[this]; }
