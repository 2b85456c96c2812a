// QEMU's firmware configuration device: docs/specs/fw_cfg in QEMU's sources.
#include "kern/dev/boot_option.hh"

#include <algorithm>
#include <array>

#include "inc/ports.hh"

namespace {

constexpr uint16_t selector_port = 0x510, data_port = 0x511;
constexpr uint16_t signature_item = 0x00, directory_item = 0x19;
constexpr std::string_view signature = "QEMU", folder = "opt/jos/";
constexpr uint32_t most_files = 4096;       // a device that is none reads all ones

void select(uint16_t item) { port_out16(selector_port, item); }

// The next bytes of the selected item, as a number with its highest byte first.
uint32_t read_number(int bytes)
{
    uint32_t value = 0;
    while (bytes-- > 0) {
        value = value << 8 | port_in8(data_port);
    }
    return value;
}

void read_text(std::span<char> text)
{
    for (char& byte : text) {
        byte = static_cast<char>(port_in8(data_port));
    }
}

bool is_there()
{
    std::array<char, signature.size()> found{};
    select(signature_item);
    read_text(found);
    return std::string_view(found.data(), found.size()) == signature;
}

struct File {
    uint32_t size = 0;
    uint16_t item = 0;
    std::array<char, 56> name{};            // ends with a zero

    bool is_option(std::string_view option) const
    {
        const auto length = static_cast<size_t>(std::ranges::find(name, '\0') - name.begin());
        const std::string_view whole(name.data(), length);
        return whole.starts_with(folder) && whole.substr(folder.size()) == option;
    }
};

File read_file_entry()
{
    File file;
    file.size = read_number(4);
    file.item = static_cast<uint16_t>(read_number(2));
    read_number(2);                         // reserved
    read_text(file.name);
    return file;
}

}   // namespace

std::string_view boot_option(std::string_view name, std::span<char> buffer)
{
    if (!is_there()) {
        return {};
    }
    select(directory_item);
    const uint32_t files = std::min(read_number(4), most_files);
    for (uint32_t i = 0; i < files; ++i) {
        const File file = read_file_entry();
        if (file.is_option(name)) {
            const std::span<char> value =
                buffer.first(std::min<size_t>(buffer.size(), file.size));
            select(file.item);
            read_text(value);
            return {value.data(), value.size()};
        }
    }
    return {};
}
