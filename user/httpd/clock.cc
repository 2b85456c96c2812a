#include "user/httpd/clock.hh"

#include "lib/clock.hh"
#include "lib/file.hh"

namespace http {

Moment read_clock()
{
    constexpr int64_t ask_again_seconds = 600;
    static int64_t boot_time = 0;               // 0: not known
    static int64_t asked_at = -ask_again_seconds;

    const uint64_t uptime_ms = time_us() / 1000;
    const auto uptime = static_cast<int64_t>(uptime_ms / 1000);
    if (uptime - asked_at >= ask_again_seconds) {
        asked_at = uptime;
        FileSystemInfo info;
        boot_time = file_system_info(&info) == 0 && info.now != 0 ? info.now - uptime : 0;
    }
    return {static_cast<uint32_t>(uptime_ms), boot_time == 0 ? 0 : boot_time + uptime};
}

} // namespace http
