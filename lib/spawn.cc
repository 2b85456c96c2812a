// Builds a new program in a new environment: pages are filled here, in a scratch window at UTEMP,
// and then mapped where the new program has them.
#include "lib/spawn.hh"

#include <algorithm>
#include <cstdarg>
#include <span>

#include "inc/elf.hh"
#include "inc/mmu.h"
#include "inc/result.hh"
#include "inc/string.hh"
#include "lib/fd.hh"
#include "lib/file.hh"
#include "lib/syscall.hh"

namespace {

constexpr uint32_t user_page = PTE_P | PTE_U;
constexpr uint32_t window_pages = 64;
constexpr size_t max_segments = 16;
constexpr int max_arguments = 256;
constexpr uint32_t stack_pages = 16;

// The system calls and file calls as Results.
Result<int> checked(int result)
{
    if (result < 0) {
        return static_cast<Error>(-result);
    }
    return result;
}

// Fresh pages at UTEMP, ours alone until they are mapped into the child; unmapped at the end.
class Window {
public:
    static Result<Window> create(uint32_t count)
    {
        TRY(checked(sys_page_alloc_run(0, data(), count, user_page | PTE_W)));
        return Window(count);
    }
    Window(Window&& other) noexcept : pages_(std::exchange(other.pages_, 0)) {}
    ~Window()
    {
        if (pages_ > 0) {
            sys_page_unmap_run(0, data(), pages_);
        }
    }

    static char* data() { return reinterpret_cast<char*>(UTEMP); }

    Result<void> map_into(envid_t child, uintptr_t address, uint32_t permissions) const
    {
        for (uint32_t page = 0; page < pages_; page++) {
            const size_t offset = page * page_size;
            TRY(checked(sys_page_map(0, data() + offset, child,
                                     reinterpret_cast<void*>(address + offset), permissions)));
        }
        return {};
    }

private:
    explicit Window(uint32_t count) : pages_(count) {}
    uint32_t pages_ = 0;
};
static_assert(UTEMP + window_pages * page_size <= PFTEMP);

// An open file, closed at the end; no program inherits it.
class File {
public:
    static Result<File> open(const char* path)
    {
        File file(TRY(checked(::open(path, O_RDONLY))));
        TRY(checked(set_inherited(file.number_, false)));
        return file;
    }
    File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    ~File()
    {
        if (number_ >= 0) {
            close(number_);
        }
    }

    // Reads exactly `size` bytes from `offset`; not_executable if the file ends before.
    Result<void> read_at(uint32_t offset, void* buffer, size_t size) const
    {
        if (offset > INT32_MAX) {
            return Error::not_executable;
        }
        TRY(checked(seek(number_, static_cast<off_t>(offset))));
        if (static_cast<size_t>(TRY(checked(readn(number_, buffer, size)))) != size) {
            return Error::not_executable;
        }
        return {};
    }

private:
    explicit File(int number) : number_(number) {}
    int number_ = -1;
};

// A child that is destroyed unless it gets as far as release().
class Child {
public:
    explicit Child(envid_t id) : id_(id) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        if (id_ > 0) {
            sys_env_destroy(id_);
        }
    }
    envid_t id() const { return id_; }
    envid_t release() { return std::exchange(id_, 0); }

private:
    envid_t id_;
};

// Where a program may have its segments: below the descriptors and the stack.
constexpr bool is_program_range(uint32_t address, uint32_t size)
{
    return address >= UTEXT && address < fd_table && size <= fd_table - address;
}

struct Program {
    uint32_t entry = 0;
    size_t segment_count = 0;
    ElfSegment segments[max_segments];
};

// Reads and checks the headers: segments in ascending order, no page in two of them.
Result<void> read_program(const File& file, Program& program)
{
    ElfHeader header;
    TRY(file.read_at(0, &header, sizeof header));
    if (!elf_is_supported(header) || header.e_phnum > max_segments) {
        return Error::not_executable;
    }
    ElfSegment all[max_segments];
    TRY(file.read_at(header.e_phoff, all, header.e_phnum * sizeof(ElfSegment)));

    program.entry = header.e_entry;
    uint32_t last_end = 0;
    for (const auto& segment : std::span(all, header.e_phnum)) {
        if (segment.p_type != elf_segment_load || segment.p_memsz == 0) {
            continue;
        }
        if (segment.p_filesz > segment.p_memsz ||
            !is_program_range(segment.p_va, segment.p_memsz) ||
            round_down(segment.p_va, page_size) < last_end) {
            return Error::not_executable;
        }
        last_end = round_up(segment.p_va + segment.p_memsz, page_size);
        program.segments[program.segment_count++] = segment;
    }
    return {};
}

// Fills the segment's pages from the file, a window at a time; what the file has no bytes for is
// zero.
Result<void> load_segment(envid_t child, const File& file, const ElfSegment& segment)
{
    const uint32_t permissions = user_page | (segment.p_flags & elf_flag_write ? PTE_W : 0);
    const uint32_t file_end = segment.p_va + segment.p_filesz;
    const uint32_t end = round_up(segment.p_va + segment.p_memsz, page_size);

    for (uint32_t address = round_down(segment.p_va, page_size); address < end;) {
        const uint32_t pages = std::min<uint32_t>((end - address) / page_size, window_pages);
        const uint32_t next = address + pages * page_size;
        const Window window = TRY(Window::create(pages));
        const uint32_t from = std::max(address, segment.p_va), to = std::min(next, file_end);
        if (from < to) {
            TRY(file.read_at(segment.p_offset + (from - segment.p_va),
                             window.data() + (from - address), to - from));
        }
        TRY(window.map_into(child, address, permissions));
        address = next;
    }
    return {};
}

// Builds the stack: the argument strings on top, below them the argv array, and at the stack
// pointer what lib/entry.S expects, argc and argv. Returns the stack pointer.
Result<uint32_t> load_stack(envid_t child, const char* const* argv)
{
    constexpr uint32_t stack_bytes = stack_pages * page_size;
    constexpr uint32_t arguments_limit = stack_bytes / 2;
    uint32_t argc = 0, string_bytes = 0;
    for (; argv[argc] != nullptr; argc++) {
        string_bytes += strnlen(argv[argc], arguments_limit) + 1;
        if (argc >= max_arguments || string_bytes > arguments_limit) {
            return Error::too_big;
        }
    }

    const Window window = TRY(Window::create(stack_pages));
    const uint32_t shift = USTACKTOP - stack_bytes - UTEMP;     // from our address to the child's
    char* string = window.data() + stack_bytes - string_bytes;
    auto* pointers = reinterpret_cast<uint32_t*>(
                         round_down(reinterpret_cast<uintptr_t>(string), sizeof(uint32_t))) -
                     (argc + 1);
    for (uint32_t i = 0; i < argc; i++) {
        pointers[i] = address_of(string) + shift;
        strcpy(string, argv[i]);
        string += strlen(argv[i]) + 1;
    }
    pointers[argc] = 0;
    // entry.S calls libmain(argc, argv), which wants its arguments on 16 bytes.
    const auto top = round_down(reinterpret_cast<uintptr_t>(pointers) - 2 * sizeof(uint32_t), 16);
    auto* frame = reinterpret_cast<uint32_t*>(top);
    frame[0] = argc;
    frame[1] = address_of(pointers) + shift;

    TRY(window.map_into(child, USTACKTOP - stack_bytes, user_page | PTE_W));
    return address_of(frame) + shift;
}

// Maps every PTE_SHARE page of ours into the child, at the same address.
Result<void> share_pages(envid_t child)
{
    for (uintptr_t table = 0; table < USTACKTOP; table += PTSIZE) {
        if ((uvpd[table / PTSIZE] & PTE_P) == 0) {
            continue;
        }
        for (uintptr_t va = table; va < table + PTSIZE && va < USTACKTOP; va += page_size) {
            const uint32_t entry = uvpt[va / page_size];
            if ((entry & PTE_P) != 0 && (entry & PTE_SHARE) != 0) {
                auto* page = reinterpret_cast<void*>(va);
                TRY(checked(sys_page_map(0, page, child, page, entry & PTE_SYSCALL)));
            }
        }
    }
    return {};
}

Trapframe start_frame(uint32_t entry, uint32_t stack_pointer)
{
    Trapframe frame;
    frame.tf_ds = frame.tf_es = frame.tf_ss = GD_UD | 3;
    frame.tf_cs = GD_UT | 3;
    frame.tf_eip = entry;
    frame.tf_esp = stack_pointer;
    frame.tf_eflags = FL_IF;
    return frame;
}

constexpr envid_t inherited_group = -1;

Result<envid_t> try_spawn(const char* path, const char* const* argv, envid_t leader)
{
    const File file = TRY(File::open(path));
    Program program;
    TRY(read_program(file, program));

    Child child(TRY(checked(sys_exofork())));
    const char* const slash = strrchr(path, '/');
    TRY(checked(sys_env_set_name(child.id(), slash != nullptr ? slash + 1 : path)));
    for (const auto& segment : std::span(program.segments, program.segment_count)) {
        TRY(load_segment(child.id(), file, segment));
    }
    const uint32_t stack_pointer = TRY(load_stack(child.id(), argv));
    TRY(share_pages(child.id()));

    const Trapframe frame = start_frame(program.entry, stack_pointer);
    TRY(checked(sys_env_set_trapframe(child.id(), &frame)));
    if (leader != inherited_group) {
        TRY(checked(sys_env_set_group(child.id(), leader > 0 ? leader : child.id())));
    }
    TRY(checked(sys_env_set_status(child.id(), EnvStatus::runnable)));
    return child.release();
}

} // namespace

envid_t spawn(const char* path, const char* const* argv)
{
    const Result<envid_t> child = try_spawn(path, argv, inherited_group);
    return child ? *child : to_abi(child.error());
}

envid_t spawn_in_group(envid_t leader, const char* path, const char* const* argv)
{
    const Result<envid_t> child = try_spawn(path, argv, leader);
    return child ? *child : to_abi(child.error());
}

envid_t spawnl(const char* path, const char* argument0, ...)
{
    const char* argv[max_arguments + 1] = {argument0};
    va_list arguments;
    va_start(arguments, argument0);
    for (int i = 0; argv[i] != nullptr; i++) {
        if (i == max_arguments) {
            va_end(arguments);
            return to_abi(Error::too_big);
        }
        argv[i + 1] = va_arg(arguments, const char*);
    }
    va_end(arguments);
    return spawn(path, argv);
}
