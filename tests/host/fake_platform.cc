#include "tests/host/fake_platform.hh"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "lwip/pbuf.h"
#include "lwip/timeouts.h"
#include "net/dispatch.hh"
#include "net/heap.hh"
#include "tests/host/fake_card.hh"
#include "net/interface.hh"
#include "net/platform.hh"
#include "net/poll.hh"
#include "net/socket_table.hh"
#include "net/tcp_socket.hh"

int vcprintf(const char* format, va_list arguments);
int cprintf(const char* format, ...);

namespace {

constexpr size_t window_bytes = platform::max_message_pages * page_size;
constexpr size_t heap_bytes = 4 << 20;
size_t lent;

// A test that is built with FAKE_OFFLOADS has a card that sums and cuts.
#ifdef FAKE_OFFLOADS
constexpr uint32_t offloads = NetOffload::checksum | NetOffload::segment_ipv4;
#else
constexpr uint32_t offloads = 0;
#endif

uint32_t time_ms = 1000;
uint64_t random_state = 88172645463325252;
size_t lines;
std::map<uint32_t, std::unique_ptr<std::byte[]>> windows;
std::map<uint32_t, uint64_t> tickets;
std::set<uint32_t> held_slots;
std::map<int32_t, int32_t> answers;
std::map<int32_t, uint32_t> window_of;          // of each client's last request
std::set<int32_t> dead;
fake_net::Held newest;
std::vector<std::string> sent_frames;
std::vector<EthernetAddress> multicast;
alignas(page_size) std::array<jif_pkt, 4 * OutputQueue::run_pages> packets;

} // namespace

int vcprintf(const char* format, va_list arguments)
{
    lines++;
    return std::vprintf(format, arguments);
}

int cprintf(const char* format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int count = vcprintf(format, arguments);
    va_end(arguments);
    return count;
}

namespace platform {

uint32_t now_ms() { return time_ms; }

uint64_t random()
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

void answer(envid_t client, int32_t value, PageRun pages)
{
    answers[client] = value;
    if (pages.count() > 0) {
        const uint32_t slot = static_cast<uint32_t>(pages.address() / page_size) - 1;
        held_slots.insert(slot);
        newest = {slot, tickets.at(slot)};
    }
}

void flush_answers() {}
bool is_alive(envid_t env) { return !dead.contains(env); }

bool card_status(NetInfo& card, NetRings& rings)
{
    card = {};
    rings = {};
    card.rx_packets = 77;
    rings.receive.slots = 4;
    return true;
}

bool is_shared(const void*) { return false; }

void set_multicast(std::span<const EthernetAddress> addresses)
{
    multicast.assign(addresses.begin(), addresses.end());
}

std::byte* request_window(uint32_t index)
{
    auto& window = windows[index];
    if (window == nullptr) {
        window = std::make_unique<std::byte[]>(window_bytes);
    }
    return window.get();
}

void release_window(uint32_t, uint32_t) {}

bool make_descriptor(uint32_t slot, uint64_t ticket, uint32_t, uint32_t)
{
    tickets[slot] = ticket;
    return true;
}

unsigned descriptor_holders(uint32_t slot) { return held_slots.contains(slot) ? 1 : 0; }
PageRun descriptor_run(uint32_t slot) { return PageRun::at((slot + 1) * page_size, 1); }

void free_descriptor(uint32_t slot)
{
    tickets.erase(slot);
    held_slots.erase(slot);
}

} // namespace platform

namespace {

void take_frame(const jif_pkt& page)
{
    if (page.jp_len >= 0) {
        sent_frames.emplace_back(page.jp_data, static_cast<size_t>(page.jp_len));
        return;
    }
    const auto& packet = reinterpret_cast<const DescribedPacket&>(page);
    const char* const begin = reinterpret_cast<const char*>(&page) + DescribedPacket::data_at;
    const std::string frame(begin, static_cast<size_t>(-packet.minus_length));
    std::ranges::move(fake::finish(frame, packet.offload), std::back_inserter(sent_frames));
}

void end_turn()
{
    tcp_flush();
    interface_loop_back();
    poll_answer();
    tcp_flush();
    const PageRun run = output_queue.take();
    if (run.count() == 0) {
        return;
    }
    // A PageRun has 32 bits for the address: enough to tell which of the packets it begins with.
    const uint32_t base = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(packets.data()));
    const uint32_t first = (static_cast<uint32_t>(run.address()) - base) >> page_shift;
    for (uint32_t i = first; i < first + run.count(); i += pages_of(frame_at(packets[i]))) {
        take_frame(packets[i]);
    }
    output_queue.done(run.count());
}

} // namespace

namespace fake_net {

void start()
{
    static bool started;
    if (started) {
        return;
    }
    started = true;
    net_heap.initialise(std::aligned_alloc(Heap::slab_bytes, heap_bytes), heap_bytes);
    output_queue.initialise(packets.data(), 4);
    requests.initialise();
    sockets.initialise();
    interface_start_stack();
    NetInfo info;
    info.mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    info.link_up = 1;
    info.offloads = offloads;
    interface_add(info, false);
    end_turn();
}

void pass_time(uint32_t ms)
{
    for (uint32_t passed = 0; passed < ms; passed += 250) {
        time_ms += ms - passed < 250 ? ms - passed : 250;
        interface_check_timers();
        requests.drop_dead_clients();
        sockets.reclaim();
        requests.release_windows();
        end_turn();
    }
}

std::optional<int32_t> request(int32_t client, uint32_t code, const SocketRequest& header,
                               std::string_view data, uint32_t pages, bool writable)
{
    const uint32_t index = requests.landing().index;
    std::byte* window = platform::request_window(index);
    memcpy(window, &header, sizeof(header));
    std::ranges::copy(std::as_bytes(std::span(data)), window + sizeof(header));
    window_of[client] = index;
    answers.erase(client);
    requests.note_message(pages);
    dispatch(requests.begin(client, code, pages, writable));
    end_turn();
    return take_answer(client);
}

std::optional<int32_t> take_answer(int32_t client)
{
    const auto found = answers.find(client);
    if (found == answers.end()) {
        return {};
    }
    const int32_t value = found->second;
    answers.erase(found);
    return value;
}

SocketRequest answered_header(int32_t client)
{
    SocketRequest header;
    memcpy(&header, platform::request_window(window_of[client]), sizeof(header));
    return header;
}

std::string answered_bytes(int32_t client, size_t count)
{
    const std::byte* data = platform::request_window(window_of[client]) + sizeof(SocketRequest);
    return {reinterpret_cast<const char*>(data), count};
}

Held last_descriptor() { return newest; }
void release(Held socket) { held_slots.erase(socket.socket); }
void die(int32_t client) { dead.insert(client); }

size_t lent_frames() { return lent; }

// As net/card_access.cc does it with small frames: lent if that can be, else copied.
static void hand_on(std::span<const char> frame, pbuf* buffer)
{
    if (buffer == nullptr || frame.size() > max_frame_bytes) {
        interface_receive(frame);
        return;
    }
    void* const start = buffer->payload;
    std::ranges::copy(frame, static_cast<char*>(start));
    if (interface_lend(buffer, frame.size())) {
        lent += buffer->payload == start && buffer->ref == 1 ? 1 : 0;
    } else {
        interface_receive(frame);
    }
}

template <typename Frames> static void hand_on_all(const Frames& frames)
{
    pbuf* const buffer = interface_buffer();
    for (const auto& frame : frames) {
        hand_on(frame, buffer);
    }
    if (buffer != nullptr) {
        pbuf_free(buffer);
    }
    interface_receive_end();
    end_turn();
}

void receive_frame(std::span<const char> frame) { hand_on_all(std::span(&frame, 1)); }

void receive_frames(const std::vector<std::string>& frames) { hand_on_all(frames); }

void tell_neighbour(char host)
{
    std::string frame("\x52\x54\x00\x12\x34\x56\x52\x55\x0a\x00\x02\x00\x08\x06\x00\x01\x08\x00\x06"
                      "\x04\x00\x02\x52\x55\x0a\x00\x02\x00\x0a\x00\x02\x00\x52\x54\x00\x12\x34\x56"
                      "\x0a\x00\x02\x0f", 42);
    frame[11] = frame[27] = frame[31] = host;
    receive_frame(frame);
}

std::vector<std::string> take_frames()
{
    return std::exchange(sent_frames, {});
}

const std::vector<EthernetAddress>& multicast_addresses() { return multicast; }
size_t log_lines() { return std::exchange(lines, 0); }
size_t free_heap_slabs() { return net_heap.free_slabs(); }

} // namespace fake_net
