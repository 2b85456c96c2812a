// Sends TESTOUTPUT_COUNT packets through the output environment: 9 bytes each, as they are.
#include "inc/net.hh"
#include "lib/lib.hh"
#include "net/ns.hh"

#ifndef TESTOUTPUT_COUNT
#define TESTOUTPUT_COUNT 10
#endif

static jif_pkt* const packet = reinterpret_cast<jif_pkt*>(0x18000000);

void umain(int, char**)
{
    const envid_t parent = sys_getenvid();
    const envid_t sender = fork();
    if (sender < 0) {
        panic("fork: %s", error_text(sender));
    }
    if (sender == 0) {
        output(parent);
        return;
    }

    for (int i = 0; i < TESTOUTPUT_COUNT; i++) {
        if (const int result = sys_page_alloc(0, packet, PTE_P | PTE_U | PTE_W); result < 0) {
            panic("no memory for packet %d: %s", i, error_text(result));
        }
        packet->jp_len = snprintf(packet->jp_data, sizeof(packet->jp_data), "Packet %02d", i);
        cprintf("Transmitting packet %d\n", i);
        ipc_send(sender, NSREQ_OUTPUT, packet, PTE_P | PTE_U | PTE_W);
        sys_page_unmap(0, packet);      // the page is output's now
    }

    // Output takes the next message when it has sent the packets of the one before.
    ipc_send(sender, NSREQ_TIMER, nullptr, 0);
}
