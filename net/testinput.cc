// Announces the guest's address by ARP, then prints each packet that comes in.
#include "inc/net.hh"
#include "lib/lib.hh"
#include "net/addresses.hh"
#include "net/ns.hh"
#include "net/protocol.hh"

static jif_pkt* const announcement = reinterpret_cast<jif_pkt*>(0x18000000);

static void put(uint8_t*& to, const void* from, size_t size)
{
    memcpy(to, from, size);
    to += size;
}

static void put16(uint8_t*& to, uint16_t value)
{
    value = htons(value);
    put(to, &value, sizeof(value));
}

static void put32(uint8_t*& to, uint32_t value)
{
    value = htonl(value);
    put(to, &value, sizeof(value));
}

// Sends an ARP request (RFC 826): who has the gateway's address? It tells our own to all.
static void announce(envid_t sender)
{
    NetInfo info;
    if (const int result = sys_net_info(&info); result < 0) {
        panic("no network card: %s", error_text(result));
    }
    if (const int result = sys_page_alloc(0, announcement, PTE_P | PTE_U | PTE_W); result < 0) {
        panic("no memory for the announcement: %s", error_text(result));
    }
    cprintf("Sending ARP announcement...\n");

    static constexpr uint8_t everybody[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static constexpr uint8_t unknown[ethernet_address_bytes] = {};
    uint8_t* const start = reinterpret_cast<uint8_t*>(announcement->jp_data);
    uint8_t* next = start;
    put(next, everybody, sizeof(everybody));
    put(next, info.mac.data(), info.mac.size());
    put16(next, 0x0806);                // ARP
    put16(next, 1);                     // for Ethernet
    put16(next, 0x0800);                // and IPv4,
    put16(next, 0x0604);                // addresses of 6 and 4 bytes:
    put16(next, 1);                     // a request
    put(next, info.mac.data(), info.mac.size());
    put32(next, own_address);
    put(next, unknown, sizeof(unknown));
    put32(next, gateway_address);
    announcement->jp_len = next - start;
    ipc_send(sender, NSREQ_OUTPUT, announcement, PTE_P | PTE_U | PTE_W);
    sys_page_unmap(0, announcement);
}

// Prints 16 bytes a line: offset, groups of two bytes.
static void print_packet(const jif_pkt& packet)
{
    char line[80];
    for (int32_t offset = 0; offset < packet.jp_len; offset += 16) {
        int used = snprintf(line, sizeof(line), "input: %04x   ", static_cast<unsigned>(offset));
        for (int32_t i = offset; i < packet.jp_len && i < offset + 16; i++) {
            const char* gap = i % 2 == 0 && i != offset ? " " : "";
            used += snprintf(line + used, sizeof(line) - static_cast<size_t>(used), "%s%02x", gap,
                             static_cast<unsigned char>(packet.jp_data[i]));
        }
        cprintf("%s\n", line);
    }
    cprintf("\n");
}

template <typename Function> static envid_t start(Function function)
{
    const envid_t parent = sys_getenvid();
    const envid_t child = fork();
    if (child < 0) {
        panic("fork: %s", error_text(child));
    }
    if (child == 0) {
        function(parent);
        exit();
    }
    return child;
}

void umain(int, char**)
{
    const envid_t sender = start(output);
    announce(sender);
    const envid_t receiver = start(input);

    // Until the answer to the announcement is there nobody knows where to send packets for us.
    bool announced = false;
    static constexpr uintptr_t window = 0x14000000;
    envid_t answer_to = 0;
    for (;;) {
        const IpcMessage message = ipc_reply_wait(answer_to, 0, {},
                                                  PageRun::at(window, max_net_batch));
        if (message.from < 0) {
            panic("ipc_reply_wait: %s", error_text(message.from));
        }
        answer_to = message.from;
        if (message.from == receiver && message.value == NSREQ_INPUT) {
            const jif_pkt* packets = reinterpret_cast<const jif_pkt*>(window);
            for (uint32_t i = 0; i < message.pages.count(); i++) {
                print_packet(packets[i]);
                if (!announced) {
                    announced = true;
                    cprintf("Waiting for packets...\n");
                }
            }
        }
    }
}
