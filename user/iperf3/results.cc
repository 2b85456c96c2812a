#include "user/iperf3/results.hh"

#include <algorithm>
#include <array>

namespace iperf {
namespace {

constexpr uint64_t million = 1'000'000;

// For %llu, wherever this is compiled.
constexpr unsigned long long wide(uint64_t value) { return value; }

// Millionths as a decimal number.
void put_millionths(TextBuffer& to, uint64_t value)
{
    to.print("%llu.%06u", wide(value / million), static_cast<unsigned>(value % million));
}

// value / divisor to three digits, and its unit.
struct Scaled {
    uint64_t value = 0, divisor = 1;
};
void put_scaled(TextBuffer& to, Scaled scaled, const char* unit)
{
    const auto rounded = [&](uint64_t factor) {
        return wide((scaled.value / scaled.divisor) * factor
                    + ((scaled.value % scaled.divisor) * factor + scaled.divisor / 2)
                          / scaled.divisor);
    };
    if (rounded(100) < 1000) {
        to.print("%llu.%02llu %s", rounded(100) / 100, rounded(100) % 100, unit);
    } else if (rounded(10) < 1000) {
        to.print("%llu.%llu %s", rounded(10) / 10, rounded(10) % 10, unit);
    } else {
        to.print("%llu %s", rounded(1), unit);
    }
}

// With the largest of four units of which there is one, each `base` times the one before.
void put_with_unit(TextBuffer& to, uint64_t value, uint64_t base,
                   const std::array<const char*, 4>& units)
{
    size_t unit = 0;
    uint64_t divisor = 1;
    while (unit + 1 < units.size() && value / divisor >= base) {
        divisor *= base;
        unit++;
    }
    put_scaled(to, {value, divisor}, units[unit]);
}

// Text in a column.
class Cell {
public:
    TextBuffer text{storage_};
    void put(TextBuffer& to, int width)
    {
        to.print("%*.*s", width, static_cast<int>(text.size()), text.text().data());
    }

private:
    std::array<char, 48> storage_{};
};

// " 0.00-10.01  sec  1.25 MBytes  10.5 Mbits/sec"
void put_amount(TextBuffer& to, const StreamResult& result)
{
    constexpr uint64_t hundredth_us = million / 100;
    const uint64_t hundredths = (result.elapsed_us + hundredth_us / 2) / hundredth_us;
    Cell end, bytes, rate;
    end.text.print("0.00-%llu.%02llu", wide(hundredths / 100), wide(hundredths % 100));
    end.put(to, -13);
    to.put("sec");
    put_bytes(bytes.text, result.bytes);
    bytes.put(to, 13);
    put_rate(rate.text, result.bytes, result.elapsed_us);
    rate.put(to, 16);
}

// "  0.012 ms  3/1000 (0.3%)"
void put_losses(TextBuffer& to, const StreamResult& result)
{
    const uint64_t lost = std::min(result.lost, result.datagrams);
    const uint64_t part = std::min(lost, UINT64_MAX / 1000);
    const uint64_t tenths = result.datagrams == 0 ? 0 : part * 1000 / result.datagrams;
    to.print("  %llu.%03u ms  %llu/%llu (%llu.%llu%%)", wide(result.jitter_us / 1000),
             static_cast<unsigned>(result.jitter_us % 1000), wide(lost), wide(result.datagrams),
             wide(tenths / 10), wide(tenths % 10));
}

// One line, as one end sees it; an id of 0 is the sum.
void put_line(TextBuffer& to, const StreamResult& result, bool udp, bool is_sender)
{
    if (result.id != 0) {
        to.print("[%3u]   ", static_cast<unsigned>(result.id));
    } else {
        to.put("[SUM]   ");
    }
    put_amount(to, result);
    if (udp) {
        put_losses(to, result);
    }
    to.put(is_sender ? "  sender\n" : "  receiver\n");
    if (udp && !is_sender && result.out_of_order > 0) {
        to.print("[%3u]   %llu datagrams out of order\n", static_cast<unsigned>(result.id),
                 wide(result.out_of_order));
    }
}

// Jitter is the mean over the streams.
void add(StreamResult& sum, const StreamResult& result, uint64_t& jitter_us, uint32_t count)
{
    sum.elapsed_us = std::max(sum.elapsed_us, result.elapsed_us);
    sum.bytes += result.bytes;
    sum.datagrams += result.datagrams;
    sum.lost += result.lost;
    jitter_us += result.jitter_us;
    sum.jitter_us = jitter_us / count;
}

// The streams of one direction.
class Direction {
public:
    Direction(TextBuffer& to, bool udp, bool to_client) : to_(to), udp_(udp), to_client_(to_client)
    {
    }

    void add_stream(const StreamResult& ours, const std::optional<StreamResult>& clients)
    {
        count_++;
        const StreamResult& other = clients ? *clients : ours;
        const StreamResult& sender = to_client_ ? ours : other;
        const StreamResult& receiver = to_client_ ? other : ours;
        all_known_ = all_known_ && clients.has_value();
        if (to_client_ || clients) {
            put_line(to_, sender, udp_, true);
        }
        if (!to_client_ || clients) {
            put_line(to_, receiver, udp_, false);
        }
        add(sent_, sender, sent_jitter_, count_);
        add(received_, receiver, received_jitter_, count_);
    }
    void end()
    {
        if (count_ > 1 && (to_client_ || all_known_)) {
            put_line(to_, sent_, udp_, true);
        }
        if (count_ > 1 && (!to_client_ || all_known_)) {
            put_line(to_, received_, udp_, false);
        }
    }

private:
    TextBuffer& to_;
    bool udp_, to_client_;
    bool all_known_ = true;
    uint32_t count_ = 0;
    StreamResult sent_{}, received_{};
    uint64_t sent_jitter_ = 0, received_jitter_ = 0;
};

uint64_t count_of(const json::Value& object, std::string_view name, int decimals = 0)
{
    const auto value = object.member(name);
    return static_cast<uint64_t>(
        std::max<int64_t>(value ? value->scaled(decimals).value_or(0) : 0, 0));
}

} // namespace

void put_bytes(TextBuffer& to, uint64_t bytes)
{
    put_with_unit(to, bytes, 1024, {"Bytes", "KBytes", "MBytes", "GBytes"});
}

void put_rate(TextBuffer& to, uint64_t bytes, uint64_t elapsed_us)
{
    constexpr uint64_t most = UINT64_MAX / 8 / million;
    uint64_t amount = bytes, us = std::max<uint64_t>(elapsed_us, 1);
    for (; amount > most; amount /= 2) {        // a client may claim anything
        us = std::max<uint64_t>(us / 2, 1);
    }
    put_with_unit(to, amount * 8 * million / us, 1000,
                  {"bits/sec", "Kbits/sec", "Mbits/sec", "Gbits/sec"});
}

void write_results(TextBuffer& to, const TestResult& ours, std::string_view output)
{
    const uint64_t elapsed_us = std::max<uint64_t>(ours.elapsed_us, 1);
    to.put("{\"cpu_util_total\":");
    put_millionths(to, ours.cpu_us * 100 * million / elapsed_us);
    // We do not know how often TCP repeats something.
    to.print(",\"cpu_util_user\":0,\"cpu_util_system\":0,\"sender_has_retransmits\":%d",
             ours.to_client ? 0 : -1);
    if (!output.empty()) {
        to.put(",\"server_output_text\":");
        json::put_string(to, output);
    }
    to.put(",\"streams\":[");
    for (const StreamResult& stream : ours.streams) {
        to.print("%s{\"id\":%u,\"bytes\":%llu,\"retransmits\":-1,\"jitter\":",
                 &stream == &ours.streams.front() ? "" : ",", static_cast<unsigned>(stream.id),
                 wide(stream.bytes));
        put_millionths(to, stream.jitter_us);
        to.print(",\"errors\":%llu,\"packets\":%llu,\"start_time\":0,\"end_time\":",
                 wide(stream.lost), wide(stream.datagrams));
        put_millionths(to, stream.elapsed_us);
        to.put('}');
    }
    to.put("]}");
}

std::optional<StreamResult> client_result(const json::Value& results, const StreamResult& ours)
{
    const auto streams = results.member("streams");
    if (!streams) {
        return std::nullopt;
    }
    json::Elements elements(*streams);
    while (const auto stream = elements.next()) {
        if (count_of(*stream, "id") == ours.id) {
            StreamResult result;
            result.id = ours.id;
            result.to_client = ours.to_client;
            result.elapsed_us = count_of(*stream, "end_time", 6);
            result.bytes = count_of(*stream, "bytes");
            result.datagrams = count_of(*stream, "packets");
            result.lost = count_of(*stream, "errors");
            result.jitter_us = count_of(*stream, "jitter", 6);
            return result;
        }
    }
    return std::nullopt;
}

void write_report(TextBuffer& to, const TestResult& ours, const json::Value& client)
{
    to.print("- - - - - - - - - - - - - - - - - - - - - - - - -\n"
             "[ ID]   Interval          Transfer         Bitrate%s\n",
             ours.udp ? "  Jitter    Lost/Total Datagrams" : "");
    for (const bool to_client : {false, true}) {
        Direction direction(to, ours.udp, to_client);
        for (const StreamResult& stream : ours.streams) {
            if (stream.to_client == to_client) {
                direction.add_stream(stream, client_result(client, stream));
            }
        }
        direction.end();
    }
}

} // namespace iperf
