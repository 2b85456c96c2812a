#include "user/httpd/status_json.hh"

#include <algorithm>

#include "lib/json.hh"

namespace http {
namespace {

// For %llu, wherever this is compiled.
constexpr unsigned long long wide(uint64_t value) { return value; }

// A letter a slot: o ours, c the card's, f a frame.
void put_ring(TextBuffer& json, const char* name, const NetRing& ring)
{
    json.print("\"%s\":{\"slots\":%u,\"head\":%u,\"tail\":%u,\"next\":%u,\"state\":\"", name,
               ring.slots, ring.head, ring.tail, ring.next);
    const size_t slots = std::min<size_t>(ring.slots, ring.state.size());
    for (size_t i = 0; i < slots; i++) {
        switch (ring.state[i]) {
        case RingSlot::ours: json.put('o'); break;
        case RingSlot::card: json.put('c'); break;
        case RingSlot::frame: json.put('f'); break;
        }
    }
    json.put("\"}");
}

void put_card(TextBuffer& json, const NetInfo& card)
{
    json.print("\"card\":{\"driver\":\"%s\",\"model\":\"%s\","
               "\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\",\"link_up\":%s,\"link_mbit\":%u,"
               "\"full_duplex\":%s,\"link_changes\":%u,",
               card.driver, card.model, card.mac[0], card.mac[1], card.mac[2], card.mac[3],
               card.mac[4], card.mac[5], card.link_up != 0 ? "true" : "false", card.link_mbit,
               card.full_duplex != 0 ? "true" : "false", card.link_changes);
    json.print("\"rx_packets\":%llu,\"rx_bytes\":%llu,\"tx_packets\":%llu,\"tx_bytes\":%llu,"
               "\"rx_missed\":%llu,\"rx_errors\":%llu,\"tx_full\":%llu,\"interrupts\":%llu},",
               wide(card.rx_packets), wide(card.rx_bytes), wide(card.tx_packets),
               wide(card.tx_bytes), wide(card.rx_missed), wide(card.rx_errors),
               wide(card.tx_full), wide(card.interrupts));
}

void put_sockets(TextBuffer& json, const NetworkStatus& network)
{
    json.print("\"sockets\":{\"used\":%u,\"limit\":%u,\"listening\":%u,\"connecting\":%u,"
               "\"connected\":%u,\"closed\":%u,\"datagram\":%u,\"icmp\":%u,\"to_accept\":%u,"
               "\"time_wait\":%u},",
               network.sockets, network.socket_limit, network.listening, network.connecting,
               network.connected, network.closed, network.datagram, network.icmp,
               network.to_accept, network.time_wait);
}

} // namespace

void write_status_head(TextBuffer& json, const SystemState& state)
{
    const MemoryInfo& memory = state.memory;
    const NetworkStatus* const network = state.network;
    json.print("{\"time_us\":%llu,\"memory\":{\"page_bytes\":%u,\"total\":%u,\"free\":%u,"
               "\"kernel\":%u},",
               wide(state.time_us), static_cast<unsigned>(page_size),
               memory.total_pages, memory.free_pages, memory.kernel_pages);
    if (network != nullptr) {
        put_sockets(json, *network);
    }
    if (network != nullptr && network->has_card != 0) {
        put_card(json, network->card);
        json.put("\"rings\":{");
        put_ring(json, "transmit", network->rings.transmit);
        json.put(',');
        put_ring(json, "receive", network->rings.receive);
        json.put("},");
    }
    if (state.interface != nullptr) {
        json.print("\"drops\":{\"malformed\":%u,\"no_memory\":%u,\"output\":%llu},",
                   state.interface->malformed, state.interface->no_memory,
                   wide(state.interface->output_dropped));
    }
    json.put("\"environments\":[");
}

void write_status_entry(TextBuffer& json, const Env& entry, bool is_first)
{
    json.print("%s\n{\"id\":\"%08x\",\"parent\":\"%08x\",\"name\":", is_first ? "" : ",",
               static_cast<unsigned>(entry.env_id), static_cast<unsigned>(entry.env_parent_id));
    const std::string_view name(entry.env_name, sizeof entry.env_name);
    json::put_string(json, {name.data(), std::min(name.find('\0'), name.size())});
    json.print(",\"type\":\"%s\",\"status\":\"%s\",\"cpu\":%u,\"runs\":%u,\"pages\":%u,"
               "\"sent\":%u,\"received\":%u,\"cpu_us\":%llu}",
               name_of(entry.env_type), name_of(entry.env_status), entry.env_cpunum,
               entry.env_runs, entry.env_pages, entry.env_ipc_sent, entry.env_ipc_received,
               wide(cpu_us_of(entry)));
}

void write_status_end(TextBuffer& json)
{
    json.put("\n]}\n");
}

} // namespace http
