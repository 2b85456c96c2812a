#include "fs/wall_clock.hh"

#include "inc/ports.hh"

namespace fs {
namespace {

// The MC146818's registers.
constexpr uint16_t index_port = 0x70, data_port = 0x71;
constexpr uint8_t second = 0, minute = 2, hour = 4, day = 7, month = 8, year = 9, status_a = 10,
    status_b = 11, century = 0x32;
constexpr uint8_t update_in_progress = 0x80, is_binary = 0x04;

uint8_t read_register(uint8_t index)
{
    port_out8(index_port, index);
    return port_in8(data_port);
}

struct Reading {
    uint32_t fields[7] = {};            // second, minute, hour, day, month, year, century
    bool operator==(const Reading&) const = default;
};

Reading read_fields()
{
    constexpr uint8_t registers[] = {second, minute, hour, day, month, year, century};
    const bool binary = (read_register(status_b) & is_binary) != 0;
    Reading reading;
    for (unsigned i = 0; i < 7; i++) {
        const uint32_t raw = read_register(registers[i]);
        reading.fields[i] = binary ? raw : raw / 16 * 10 + raw % 16;
    }
    return reading;
}

// Days from 1970-01-01 to a date of the Gregorian calendar, with years that begin in March.
int64_t days_from_1970(int64_t y, uint32_t m, uint32_t d)
{
    if (m <= 2) {
        y--;
        m += 12;
    }
    const int64_t in_year = (153 * (static_cast<int64_t>(m) - 3) + 2) / 5 + d - 1;
    return 365 * y + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

}  // namespace

int64_t read_wall_clock()
{
    // The fields change together once a second; two equal readings are of one moment.
    Reading reading = read_fields();
    for (int tries = 0; tries < 100; tries++) {
        const Reading again = read_fields();
        if ((read_register(status_a) & update_in_progress) == 0 && again == reading) {
            break;
        }
        reading = again;
    }
    const auto& [s, min, h, d, m, y, c] = reading.fields;
    if (s > 59 || min > 59 || h > 23 || d < 1 || d > 31 || m < 1 || m > 12 || y > 99) {
        return 0;
    }
    const uint32_t full_year = (c >= 19 && c <= 21 ? c : 20) * 100 + y;
    return days_from_1970(full_year, m, d) * 86400 + int64_t{h} * 3600 + int64_t{min} * 60 + s;
}

}  // namespace fs
