// The kernel's start: devices, memory, the servers, and the first program.
#include "inc/stdio.hh"
#include "kern/cpu/apic.hh"
#include "kern/cpu/kernel_lock.hh"
#include "kern/cpu/pic.hh"
#include "kern/cpu/smp.hh"
#include "kern/cpu/trap.hh"
#include "kern/debug/panic.hh"
#include "kern/debug/trace.hh"
#include "kern/dev/clock.hh"
#include "kern/dev/console.hh"
#include "kern/dev/disk.hh"
#include "kern/dev/nic.hh"
#include "kern/dev/pci.hh"
#include "kern/env/embedded.hh"
#include "kern/env/scheduler.hh"
#include "kern/env/tick.hh"
#include "kern/memory/boot_memory.hh"
#include "kern/memory/self_check.hh"

// What to start: see conf/ and `make help`.
#ifndef TEST
#define TEST user_init
#endif
#define QUOTE_(text) #text
#define QUOTE(text) QUOTE_(text)

namespace {

#ifdef TEST_NO_FS
constexpr bool with_file_server = false;
#else
constexpr bool with_file_server = true;
#endif
#ifdef TEST_NO_NS
constexpr bool with_network_server = false;
#else
constexpr bool with_network_server = true;
#endif

extern "C" {
using Constructor = void (*)();
extern const Constructor init_array_begin[], init_array_end[];
extern std::byte end[];                 // of the kernel's image (kern/kernel.ld)
}

void run_constructors()
{
    for (const Constructor* each = init_array_begin; each != init_array_end; ++each) {
        (*each)();
    }
}

void memory_init()
{
    const MemoryMap map = read_memory_map();
    BootAllocator boot(end, map.end);
    environments_allocate(boot);
    frames_allocate(map, boot);
    address_spaces_init(boot, environments_window(), environments_window_bytes(),
                        to_physical(clock_page()));
    frames_init(map, boot);
    const FrameCounts counts = frame_counts();
    cprintf("Physical memory: %u MiB, %u KiB free", static_cast<unsigned>(map.end.value >> 20),
            static_cast<unsigned>(counts.free * (page_size / 1024)));
    if (map.unmapped_mib > 0) {
        cprintf(", %u MiB above the kernel's reach left unused", map.unmapped_mib);
    }
    cprintf("\n");
}

Result<void> start(const EmbeddedProgram& program, EnvType type)
{
    Environment* const environment = TRY(Environment::create(
        0, type, type == EnvType::user ? Allowance::of_first_program() : Allowance::of_server()));
    const auto loaded = environment->load(std::as_bytes(program.file()));
    if (!loaded) {
        environment->end(1);
        return loaded;
    }
    const std::string_view name = program.name;
    environment->set_name(name.substr(name.find('_') + 1));
    environment->make_runnable();
    return {};
}

void start(std::string_view name, EnvType type)
{
    for (const EmbeddedProgram& program : std::span(embedded_programs, embedded_program_count)) {
        if (name == program.name) {
            if (const auto started = start(program, type); !started) {
                cprintf("kernel: %s was not started: %s\n", program.name,
                        error_text(to_abi(started.error())));
            }
            return;
        }
    }
    cprintf("kernel: %s is not in this kernel: build it with make run-NAME\n", name.data());
}

}   // namespace

extern "C" [[noreturn]] void kernel_main()
{
    console_init();
    cprintf("6828 decimal is %o octal!\n", 6828);
    kernel_lock.acquire();
    memory_init();
    segments_init();
    traps_init();
    check_memory();                     // a fault in it is reported from here on
    pic::init();
    run_constructors();
    smp_init();
    clock_init();
    apic::calibrate_timer();
    pci_init();
    if (nic_card() == nullptr) {
        cprintf("No network card that works: there will be no network\n");
    }
    environments_init();
    trace_init();
    disk_init();
    console_enable_interrupts();
    smp_start_cpus();

    if (with_file_server) {
        start("fs_fs", EnvType::fs);
    }
    if (with_network_server) {
        start("net_ns", EnvType::ns);
    }
    start(QUOTE(TEST), EnvType::user);
    scheduler.run_next();
}
