// The network system calls against careful and hostile programs, and both rings wrapped many
// times: ARP requests out, the gateway's replies in. Prints a line per subject and
// "testcalls: all is good" at the end; a failure panics and says what was wrong.
#include <algorithm>
#include <array>

#include "inc/net.hh"
#include "lib/lib.hh"

namespace {

constexpr uint32_t batch = 32;
constexpr uint32_t round_trips = 6400;          // the receive ring 25 times, the other 100 times
constexpr uint32_t patience_ms = 10'000;
constexpr size_t arp_bytes = 42;

using Buffer = std::array<uint8_t, 2048>;
alignas(PGSIZE) std::array<Buffer, max_net_batch> buffers;
std::array<NetFrame, max_net_batch> frames;
NetInfo info;

void require(bool holds, const char* what, int result)
{
    if (!holds) {
        panic("%s: %d (%s)", what, result, result < 0 ? error_text(result) : "no error");
    }
}

void require_error(Error error, const char* what, int result)
{
    require(result == to_abi(error), what, result);
}

// A request (RFC 826): who has the gateway's address 10.0.2.2? Asked by 10.0.2.15.
void put_request(uint32_t index)
{
    static constexpr uint8_t rest[] = {0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1};
    uint8_t* next = buffers[index].data();
    next = std::fill_n(next, 6, uint8_t{0xFF});
    next = std::ranges::copy(info.mac, next).out;
    next = std::ranges::copy(rest, next).out;
    next = std::ranges::copy(info.mac, next).out;
    next = std::ranges::copy(std::array<uint8_t, 4>{10, 0, 2, 15}, next).out;
    next = std::fill_n(next, 6, uint8_t{0});
    std::ranges::copy(std::array<uint8_t, 4>{10, 0, 2, 2}, next);
    frames[index] = {address_of(buffers[index].data()), arp_bytes};
}

bool is_reply(const NetFrame& frame)
{
    const auto* bytes = reinterpret_cast<const uint8_t*>(frame.address);
    return frame.length >= arp_bytes && bytes[12] == 0x08 && bytes[13] == 0x06 && bytes[21] == 2
        && std::equal(info.mac.begin(), info.mac.end(), bytes);
}

void send_requests(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        put_request(i);
    }
    for (uint32_t sent = 0; sent < count;) {
        const int result = sys_net_transmit(&frames[sent], count - sent, patience_ms);
        require(result > 0, "net_transmit of requests", result);
        sent += static_cast<uint32_t>(result);
    }
}

// Waits for one batch of frames; returns how many replies were in it.
uint32_t receive_replies()
{
    for (uint32_t i = 0; i < batch; i++) {
        frames[i] = {address_of(buffers[i].data()), sizeof(Buffer)};
    }
    const int result = sys_net_receive(frames.data(), batch, patience_ms);
    require(result >= 0, "net_receive of replies", result);
    return static_cast<uint32_t>(
        std::count_if(frames.begin(), frames.begin() + result, is_reply));
}

void exchange(uint32_t count)
{
    send_requests(count);
    for (uint32_t replies = 0; replies < count;) {
        replies += receive_replies();
    }
}

uint32_t free_pages()
{
    MemoryInfo memory;
    const int result = sys_memory_info(&memory);
    require(result == 0, "memory_info", result);
    return memory.free_pages;
}

int transmit_one(uintptr_t address, uint32_t length)
{
    frames[0] = {static_cast<uint32_t>(address), length};
    return sys_net_transmit(frames.data(), 1, 0);
}

int receive_one(uintptr_t address, uint32_t length)
{
    frames[0] = {static_cast<uint32_t>(address), length};
    return sys_net_receive(frames.data(), 1, 0);
}

void test_hostile_arguments()
{
    constexpr uintptr_t bad_addresses[] = {0, UTEMP, UTOP - 8, KERNBASE, 0xFFFFFFF8};
    for (const uintptr_t address : bad_addresses) {
        const auto* array = reinterpret_cast<NetFrame*>(address);
        require_error(Error::fault, "net_transmit, bad array", sys_net_transmit(array, 2, 0));
        require_error(Error::fault, "net_receive, bad array",
                      sys_net_receive(const_cast<NetFrame*>(array), 2, 0));
        require_error(Error::fault, "net_transmit, bad frame", transmit_one(address, 60));
        require_error(Error::fault, "net_receive, bad buffer",
                      receive_one(address, max_frame_bytes));
        require_error(Error::fault, "net_info, bad address",
                      sys_net_info(reinterpret_cast<NetInfo*>(address)));
    }
    for (const uint32_t count : {0u, max_net_batch + 1, 0x20000000u, 0xFFFFFFFFu}) {
        require_error(Error::invalid_argument, "net_transmit, bad count",
                      sys_net_transmit(frames.data(), count, 0));
        require_error(Error::invalid_argument, "net_receive, bad count",
                      sys_net_receive(frames.data(), count, 0));
    }
    for (const uint32_t length : {0u, uint32_t{max_frame_bytes} + 1, 0xFFFFFFFFu}) {
        require_error(Error::invalid_argument, "net_transmit, bad length",
                      transmit_one(address_of(buffers.data()), length));
    }
    const uintptr_t end = address_of(buffers.data()) + sizeof(buffers);
    require_error(Error::fault, "net_receive, buffer without end",
                  receive_one(end - max_frame_bytes, 0xFFFFFFFF));
    require_error(Error::fault, "net_receive into the program", receive_one(UTEXT, 2048));
    require_error(Error::fault, "net_receive into UENVS", receive_one(UENVS, 2048));
    cprintf("testcalls: hostile arguments are refused\n");
}

void test_partial_batch()
{
    put_request(0);
    put_request(1);
    frames[2] = {KERNBASE, 60};
    const int result = sys_net_transmit(frames.data(), 3, 0);
    require(result == 2, "net_transmit with a bad third frame", result);
    for (uint32_t replies = 0; replies < 2;) {
        replies += receive_replies();
    }
    cprintf("testcalls: frames before a bad one are sent\n");
}

void test_timeouts()
{
    require_error(Error::try_again, "net_receive without waiting",
                  receive_one(address_of(buffers.data()), 2048));
    const uint32_t begin = sys_time_msec();
    frames[0] = {address_of(buffers.data()), 2048};
    require_error(Error::timed_out, "net_receive, 100 ms",
                  sys_net_receive(frames.data(), 1, 100));
    const uint32_t took = sys_time_msec() - begin;
    require(took >= 100 && took < 1000, "net_receive did not take 100 ms but",
            static_cast<int>(took));
    cprintf("testcalls: waiting ends in time\n");
}

void test_wrap()
{
    const uint32_t before = free_pages();
    for (uint32_t sent = 0; sent < round_trips; sent += batch) {
        exchange(batch);
    }
    send_requests(max_net_batch);               // more than the ring takes at a time
    for (uint32_t replies = 0; replies < max_net_batch;) {
        replies += receive_replies();
    }
    require(free_pages() == before, "pages lost", static_cast<int>(before - free_pages()));
    cprintf("testcalls: %u round trips, nothing lost\n", round_trips + max_net_batch);
}

// After fork both copies' buffers are copy-on-write: receiving must give the receiver its own.
void test_copy_on_write()
{
    buffers[0].fill(0x11);
    const envid_t child = fork();
    require(child >= 0, "fork", child);
    if (child == 0) {
        sys_sleep(300);
        exit(buffers[0][12] == 0x11 ? 0 : 1);
    }
    exchange(batch);
    const int status = wait(child);
    require(status == 0, "a frame reached the other copy's memory", status);
    cprintf("testcalls: frames go to the receiver's own pages\n");
}

void test_killed_receiver()
{
    const envid_t child = fork();
    require(child >= 0, "fork", child);
    if (child == 0) {
        frames[0] = {address_of(buffers.data()), 2048};
        sys_net_receive(frames.data(), 1, wait_forever);
        exit(0);
    }
    sys_sleep(50);
    const int result = sys_env_destroy(child);
    require(result == 0, "env_destroy", result);
    exchange(batch);
    cprintf("testcalls: a receiver that dies takes no frame along\n");
}

// --- What the card does to frames

struct DescribedFrame {
    NetOffload offload;
    std::array<uint8_t, 10'000> bytes;
};
static_assert(sizeof(DescribedFrame) == sizeof(NetOffload) + 10'000);
alignas(PGSIZE) DescribedFrame described;

void put_number(size_t at, size_t bytes, uint32_t value)
{
    while (bytes-- > 0) {
        described.bytes[at + bytes] = static_cast<uint8_t>(value);
        value >>= 8;
    }
}

uint32_t sum_of(size_t from, size_t bytes)
{
    uint32_t sum = 0;
    for (size_t i = from; i < from + bytes; i += 2) {
        sum += static_cast<uint32_t>(described.bytes[i] << 8 | described.bytes[i + 1]);
    }
    return (sum & 0xFFFF) + (sum >> 16);
}

// An Ethernet and an IPv4 header to the gateway; without IPv4's length and checksum if the card
// fills them in.
void put_headers(uint8_t protocol, uint32_t length, bool by_card)
{
    described.bytes.fill(0x5A);
    std::fill_n(described.bytes.begin(), 6, uint8_t{0xFF});
    std::ranges::copy(info.mac, described.bytes.begin() + 6);
    put_number(12, 4, 0x0800'4500);
    put_number(16, 2, by_card ? 0 : length);
    put_number(18, 4, 1u << 16);
    put_number(22, 4, 64u << 24 | uint32_t{protocol} << 16);
    put_number(26, 4, 0x0A00'020F);
    put_number(30, 4, 0x0A00'0202);
    if (!by_card) {
        put_number(24, 2, ~sum_of(14, 20));
    }
}

// An echo request, whose checksum the card puts in (RFC 792: from the ICMP header on).
void put_echo_request(uint32_t payload)
{
    put_headers(1, 28 + payload, false);
    put_number(34, 4, 0x0800'0000);
    described.offload = {.work = NetOffload::checksum, .checksum_start = 34, .checksum_at = 36};
    frames[0] = {address_of(&described), (42 + payload) | NetFrame::described};
}

// A TCP segment of no connection, which the card cuts: the gateway answers each piece with a
// reset, if its checksums are right.
void put_large_segment(uint32_t payload, uint16_t segment_bytes)
{
    constexpr uint32_t tcp = 6;
    put_headers(tcp, 0, true);
    put_number(34, 4, 4000u << 16 | 9);
    put_number(38, 8, 0);
    put_number(46, 4, 0x5010'2000);
    put_number(50, 4, (sum_of(26, 8) + tcp) << 16);
    described.offload = {.work = NetOffload::checksum | NetOffload::segment_ipv4, .ip_start = 14,
                         .checksum_start = 34, .checksum_at = 50, .header_bytes = 54,
                         .segment_bytes = segment_bytes};
    frames[0] = {address_of(&described), (54 + payload) | NetFrame::described};
}

// Receives until `count` frames of the protocol have come.
void receive_answers(uint8_t protocol, uint32_t count)
{
    for (uint32_t answers = 0; answers < count;) {
        for (uint32_t i = 0; i < batch; i++) {
            frames[i] = {address_of(buffers[i].data()), sizeof(Buffer)};
        }
        const int result = sys_net_receive(frames.data(), batch, patience_ms);
        require(result >= 0, "net_receive of answers", result);
        for (int i = 0; i < result; i++) {
            const Buffer& bytes = buffers[static_cast<size_t>(i)];
            answers += bytes[12] == 0x08 && bytes[13] == 0x00 && bytes[23] == protocol ? 1 : 0;
        }
    }
}

void send_described(const char* what)
{
    const int result = sys_net_transmit(frames.data(), 1, patience_ms);
    require(result == 1, what, result);
}

void test_offloads()
{
    for (const uint32_t payload : {0u, 1u, 56u, 999u}) {
        put_echo_request(payload);
        send_described("an echo request to be summed");
        receive_answers(1, 1);
    }
    const uint32_t before = free_pages();
    for (const uint32_t payload : {1u, 1000u, 1001u, 3000u, 9000u}) {
        NetInfo then;
        sys_net_info(&then);
        put_large_segment(payload, 1000);
        send_described("a segment to be cut");
        receive_answers(6, (payload + 999) / 1000);
        NetInfo now;
        sys_net_info(&now);
        require(now.tx_packets - then.tx_packets == (payload + 999) / 1000,
                "the card has sent other frames too", static_cast<int>(now.tx_packets));
    }
    require(free_pages() == before, "pages lost", static_cast<int>(before - free_pages()));
    require(page_references(address_of(&described)) == 1, "a page is still lent to the card", 0);
    cprintf("testcalls: the card sums and cuts frames\n");
}

void require_refused(const char* what)
{
    require_error(Error::invalid_argument, what, sys_net_transmit(frames.data(), 1, 0));
}

void test_hostile_descriptions()
{
    put_large_segment(5000, 0);
    require_refused("segments of no bytes");
    put_large_segment(5000, 1500);
    require_refused("segments that are too long");
    put_large_segment(5000, 10);
    require_refused("too many segments");
    for (const uint32_t length : {0u, 54u, uint32_t{max_segmented_bytes} + 1, 0x7FFFFFFFu}) {
        put_large_segment(5000, 1000);
        frames[0].length = length | NetFrame::described;
        require_refused("a bad length to be cut");
    }
    put_large_segment(5000, 1000);
    described.offload.header_bytes = 5055;
    require_refused("a header longer than the frame");
    put_large_segment(5000, 1000);
    described.offload.checksum_start = 255;
    require_refused("a TCP header behind its checksum");
    put_echo_request(10);
    described.offload.checksum_at = 51;
    require_refused("a checksum behind the frame");
    described.offload.work = 0xFF;
    require_refused("unknown work");
    for (const uintptr_t address : {uintptr_t{0}, uintptr_t{UTEMP}, uintptr_t{KERNBASE},
                                    uintptr_t{0xFFFFFFF8}}) {
        frames[0] = {static_cast<uint32_t>(address), 100 | NetFrame::described};
        require_error(Error::fault, "a description that is not ours",
                      sys_net_transmit(frames.data(), 1, 0));
    }
    put_large_segment(5000, 1000);
    auto* const lone_page = reinterpret_cast<NetOffload*>(0x1800'0000);
    require(sys_page_alloc(0, lone_page, PTE_P | PTE_U | PTE_W) == 0, "page_alloc", 0);
    *lone_page = described.offload;
    frames[0] = {address_of(lone_page), PGSIZE | NetFrame::described};
    require_error(Error::fault, "a frame that leaves our memory",
                  sys_net_transmit(frames.data(), 1, 0));
    cprintf("testcalls: hostile descriptions are refused\n");
}

}  // namespace

void umain(int, char**)
{
    const int result = sys_net_info(&info);
    require(result == 0, "net_info", result);
    require(info.link_up == 1, "the link is down", 0);

    test_hostile_arguments();
    test_partial_batch();
    test_timeouts();
    test_wrap();
    test_copy_on_write();
    test_killed_receiver();
    if ((info.offloads & NetOffload::segment_ipv4) != 0) {
        test_offloads();
        test_hostile_descriptions();
    }

    const uint64_t sent = info.tx_packets, received = info.rx_packets;
    sys_net_info(&info);
    require(info.tx_packets - sent >= round_trips && info.rx_packets - received >= round_trips,
            "the statistics do not show the frames", static_cast<int>(info.tx_packets));
    cprintf("testcalls: %llu frames sent, %llu received, %llu missed, %llu interrupts\n",
            info.tx_packets, info.rx_packets, info.rx_missed, info.interrupts);
    cprintf("testcalls: all is good\n");
}
