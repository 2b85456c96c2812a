#include "user/iperf3/parameters.hh"

#include <algorithm>

#include "lib/json.hh"

namespace iperf {
namespace {

// A client writes `true`, or 1.
bool is_set(const json::Value& object, std::string_view name)
{
    const auto value = object.member(name);
    return value && (value->is_true() || value->scaled(0).value_or(0) != 0);
}

// A number of the object, `otherwise` if there is none, `limit` + 1 if it is beyond 0 to `limit`.
uint32_t number(const json::Value& object, std::string_view name, uint32_t limit,
                uint32_t otherwise = 0)
{
    const auto value = object.member(name);
    const int64_t found = value ? value->scaled(0).value_or(-1) : otherwise;
    return found >= 0 && found <= limit ? static_cast<uint32_t>(found) : limit + 1;
}

const Refusal* check(const Parameters& wanted)
{
    static constexpr Refusal duration{Complaint::duration, "the test's duration is beyond a day"},
        streams{Complaint::streams, "the number of streams is beyond 1 to 128"},
        block_size{Complaint::block_size, "the block size is beyond 1 byte to 1 MiB"},
        datagram_size{Complaint::datagram_size, "the datagrams' size is beyond 16 to 65507 bytes"},
        omit{Complaint::omit, "more than 600 s are to be omitted"},
        burst{Complaint::burst, "a burst of more than 1000 blocks"};
    if (wanted.streams == 0 || wanted.all_streams() > max_streams) {
        return &streams;
    }
    if (wanted.udp && (wanted.block_bytes < min_datagram_bytes
                       || wanted.block_bytes > max_datagram_bytes)) {
        return &datagram_size;
    }
    if (wanted.block_bytes == 0 || wanted.block_bytes > max_block_bytes) {
        return &block_size;
    }
    if (wanted.duration_s > max_duration_s) {
        return &duration;
    }
    if (wanted.omit_s > max_omit_s) {
        return &omit;
    }
    return wanted.burst_blocks > max_burst_blocks ? &burst : nullptr;
}

} // namespace

std::expected<Parameters, Refusal> read_parameters(std::string_view text)
{
    const auto object = json::Value::parse(text);
    if (!object || !object->is_object()) {
        return std::unexpected(Refusal{Complaint::receive_parameters,
                                       "the client's parameters are not a JSON object"});
    }
    Parameters wanted;
    wanted.udp = is_set(*object, "udp");
    if (!wanted.udp && !is_set(*object, "tcp")) {
        return std::unexpected(Refusal{Complaint::no_sctp, "the client wants neither TCP nor UDP"});
    }
    const bool both = is_set(*object, "bidirectional"), reverse = is_set(*object, "reverse");
    if (both && reverse) {
        return std::unexpected(Refusal{Complaint::both_directions,
                                       "the client wants both -R and --bidir"});
    }
    wanted.from_client = !reverse;
    wanted.to_client = both || reverse;
    wanted.streams = number(*object, "parallel", max_streams, 1);
    wanted.block_bytes = number(*object, "len", max_block_bytes, wanted.udp ? 1448 : 128 * 1024);
    const auto rate = object->member("bandwidth");
    wanted.bits_per_second = static_cast<uint64_t>(
        std::max<int64_t>(rate ? rate->scaled(0).value_or(0) : 0, 0));
    wanted.burst_blocks = std::max(number(*object, "burst", max_burst_blocks), 1u);
    wanted.window_bytes = std::min(number(*object, "window", INT32_MAX), uint32_t{INT32_MAX});
    wanted.duration_s = number(*object, "time", max_duration_s);
    wanted.omit_s = number(*object, "omit", max_omit_s);
    wanted.no_delay = is_set(*object, "nodelay");
    wanted.wide_counters = is_set(*object, "udp_counters_64bit");
    wanted.wants_output = is_set(*object, "get_server_output");
    if (const Refusal* refusal = check(wanted); refusal != nullptr) {
        return std::unexpected(*refusal);
    }
    return wanted;
}

} // namespace iperf
