#include "kern/cpu/cpu_table.hh"

#include <algorithm>
#include <string_view>

#include "kern/cpu/x86.hh"
#include "kern/memory/mmio.hh"

namespace {

struct [[gnu::packed]] RootPointer {            // 5.2.5.3, revision 0
    char signature[8];                          // "RSD PTR "
    uint8_t checksum;                           // all bytes add up to 0
    char oem[6];
    uint8_t revision;
    uint32_t root_table;
};
static_assert(sizeof(RootPointer) == 20);

struct [[gnu::packed]] TableHeader {            // 5.2.6
    char signature[4];
    uint32_t length;                            // of the whole table
    uint8_t revision, checksum;
    char names[26];
};
static_assert(sizeof(TableHeader) == 36);

struct [[gnu::packed]] Madt {                   // 5.2.12
    TableHeader header;
    uint32_t local_apic;
    uint32_t flags;
};
static_assert(sizeof(Madt) == 44);

struct [[gnu::packed]] LocalApic {              // 5.2.12.2
    uint8_t type, length, processor_uid, apic_id;
    uint32_t flags;
};
static_assert(sizeof(LocalApic) == 8);

constexpr uint8_t local_apic_entry = 0;
constexpr uint32_t cpu_enabled = 1;
constexpr uint32_t longest_table = 16 * page_size;

constexpr uint32_t bios_data_ebda = 0x40E;      // the extended BIOS data area's segment
constexpr uint32_t bios_rom = 0xE0000, bios_rom_bytes = 0x20000;

bool adds_up(const void* bytes, size_t count)
{
    const auto* const begin = static_cast<const uint8_t*>(bytes);
    uint8_t sum = 0;
    std::for_each_n(begin, count, [&](uint8_t byte) { sum = static_cast<uint8_t>(sum + byte); });
    return sum == 0;
}

const RootPointer* find_root_in(uint32_t address, uint32_t bytes)
{
    for (uint32_t at = address; at < address + bytes; at += 16) {
        const auto* const root = reinterpret_cast<const RootPointer*>(to_pointer({at}));
        if (std::string_view(root->signature, 8) == "RSD PTR "
            && adds_up(root, sizeof(RootPointer))) {
            return root;
        }
    }
    return nullptr;
}

// 5.2.5.1: where the root pointer may be on a PC.
const RootPointer* find_root()
{
    const uint32_t ebda = *reinterpret_cast<const uint16_t*>(to_pointer({bios_data_ebda})) * 16u;
    const RootPointer* const found = find_root_in(ebda, 1024);
    return found != nullptr ? found : find_root_in(bios_rom, bios_rom_bytes);
}

// The table at `address`, which may be above what the kernel maps of memory; null if it is none.
const TableHeader* map_table(uint32_t address)
{
    const auto header = mmio_map({address}, sizeof(TableHeader));
    if (!header) {
        return nullptr;
    }
    const uint32_t length = reinterpret_cast<const volatile TableHeader*>(*header)->length;
    if (length < sizeof(TableHeader) || length > longest_table) {
        return nullptr;
    }
    const auto mapped = mmio_map({address}, length);
    if (!mapped) {
        return nullptr;
    }
    const auto* const table =
        reinterpret_cast<const TableHeader*>(const_cast<const std::byte*>(*mapped));
    return adds_up(table, length) ? table : nullptr;
}

const Madt* find_madt()
{
    const RootPointer* const root = find_root();
    const TableHeader* const list = root != nullptr ? map_table(root->root_table) : nullptr;
    if (list == nullptr) {
        return nullptr;
    }
    const auto* const addresses = reinterpret_cast<const uint32_t*>(list + 1);
    const size_t count = (list->length - sizeof(TableHeader)) / sizeof(uint32_t);
    for (size_t i = 0; i < count; ++i) {
        const TableHeader* const table = map_table(addresses[i]);
        if (table != nullptr && std::string_view(table->signature, 4) == "APIC"
            && table->length >= sizeof(Madt)) {
            return reinterpret_cast<const Madt*>(table);
        }
    }
    return nullptr;
}

void add(CpuTable& found, const LocalApic& entry)
{
    if ((entry.flags & cpu_enabled) == 0 || entry.apic_id == found.apic_ids[0]) {
        return;
    }
    if (found.cpu_count < max_cpus) {
        found.apic_ids[found.cpu_count++] = entry.apic_id;
    } else {
        ++found.unused_cpus;
    }
}

}   // namespace

CpuTable read_cpu_table()
{
    CpuTable found;
    const Madt* const madt = find_madt();
    if (madt == nullptr) {
        return found;
    }
    found.local_apic = {madt->local_apic};
    found.apic_ids[0] = x86::own_apic_id();
    const auto* entry = reinterpret_cast<const uint8_t*>(madt + 1);
    const uint8_t* const end = reinterpret_cast<const uint8_t*>(madt) + madt->header.length;
    while (entry + 2 <= end && entry[1] >= 2 && entry + entry[1] <= end) {
        if (entry[0] == local_apic_entry && entry[1] >= sizeof(LocalApic)) {
            add(found, *reinterpret_cast<const LocalApic*>(entry));
        }
        entry += entry[1];
    }
    return found;
}
