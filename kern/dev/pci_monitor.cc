// The monitor's `pci`.
#include "inc/stdio.hh"
#include "kern/debug/monitor.hh"
#include "kern/dev/pci.hh"

namespace {

void print_bars(const PciFunction& function)
{
    for (unsigned index = 0; index < 6; ++index) {
        const Result<PciBar> bar = function.bar(index);
        if (bar) {
            const bool io = bar->space == PciBar::Space::io;
            cprintf("  BAR %u: %s 0x%08x, 0x%x bytes\n", index, io ? "I/O   " : "memory",
                    bar->address, bar->size);
        }
    }
}

int monitor_pci(int, char**, Trapframe*)
{
    PciScan scan;
    while (const std::optional<PciFunction> function = scan.next()) {
        function->print();
        print_bars(*function);
    }
    return 0;
}

MONITOR_COMMAND(pci, "list the PCI functions and their address ranges", monitor_pci);

}  // namespace
