// Names of the base classes (PCI Code and ID Assignment Specification, chapter 1).
#include <array>

#include "kern/dev/pci.hh"

const char* pci_class_name(uint8_t base_class)
{
    static constexpr std::array names = {
        "Unclassified device",
        "Storage controller",
        "Network controller",
        "Display controller",
        "Multimedia device",
        "Memory controller",
        "Bridge device",
        "Communication controller",
        "System peripheral",
        "Input device",
        "Docking station",
        "Processor",
        "Serial bus controller",
        "Wireless controller",
        "Intelligent I/O controller",
        "Satellite controller",
        "Encryption controller",
        "Signal processing controller",
    };
    return base_class < names.size() ? names[base_class] : "unknown";
}
