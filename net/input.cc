// The input environment: from the card to the core server. While the core watches the card itself
// (card_access), the kernel gives nobody else frames, and what is left to tell is the link's state.
#include "inc/net.hh"
#include "lib/lib.hh"
#include "net/ns.hh"
#include "net/protocol.hh"

// As many frames a message as one system call takes. The card's ring holds what comes while the
// core server has the pages.
static constexpr uint32_t batch = max_net_batch;
static NetFrame frames[batch];

static jif_pkt* packet(uint32_t number)
{
    return reinterpret_cast<jif_pkt*>(packet_window) + number;
}

// Receives into the packet pages. Returns how many frames came, 0 when the link changed, or an
// error other than having waited in vain.
static int receive()
{
    for (uint32_t i = 0; i < batch; i++) {
        frames[i] = {address_of(packet(i)->jp_data), sizeof(jif_pkt::jp_data)};
    }
    const int count = sys_net_receive(frames, batch, wait_forever);
    for (int i = 0; i < count; i++) {
        packet(static_cast<uint32_t>(i))->jp_len = static_cast<int32_t>(frames[i].length);
    }
    return count;
}

// The answer means that the core server has read the pages: only then are they filled again.
static int hand_over(envid_t ns_envid, int count)
{
    if (count == 0) {
        NetInfo info;
        sys_net_info(&info);
        return ipc_call(ns_envid, NSREQ_LINK | (info.link_up != 0 ? 0x100u : 0)).from;
    }
    return ipc_call(ns_envid, NSREQ_INPUT,
                    PageRun::at(packet_window, static_cast<uint32_t>(count))).from;
}

void input(envid_t ns_envid)
{
    sys_env_set_name(0, "ns_input");
    const int allocated = sys_page_alloc_run(0, packet(0), batch, PTE_P | PTE_U | PTE_W);
    if (allocated < 0) {
        cprintf("ns_input: no memory for packets: %s\n", error_text(allocated));
        return;
    }
    for (;;) {
        const int count = receive();
        if (count < 0) {
            cprintf("ns_input: cannot receive: %s\n", error_text(count));
            return;
        }
        if (const int result = hand_over(ns_envid, count); result < 0) {
            cprintf("ns_input: the network server is gone: %s\n", error_text(result));
            return;
        }
    }
}
