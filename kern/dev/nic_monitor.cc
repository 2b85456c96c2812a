// The monitor's `nic`.
#include <array>
#include <string_view>

#include "inc/stdio.hh"
#include "kern/debug/monitor.hh"
#include "kern/dev/nic.hh"
#include "kern/dev/nic_trace.hh"

namespace {

void print_info(const NetInfo& info)
{
    cprintf("%s %s, MAC %02x:%02x:%02x:%02x:%02x:%02x, link %s, %u Mbit/s %s duplex, "
            "%u link changes\n",
            info.driver, info.model, info.mac[0], info.mac[1], info.mac[2], info.mac[3],
            info.mac[4], info.mac[5], info.link_up ? "up" : "down", info.link_mbit,
            info.full_duplex ? "full" : "half", info.link_changes);
    cprintf("received %llu frames, %llu bytes; missed %llu, errors %llu\n", info.rx_packets,
            info.rx_bytes, info.rx_missed, info.rx_errors);
    cprintf("sent %llu frames, %llu bytes; ring found full %llu times; %llu interrupts\n",
            info.tx_packets, info.tx_bytes, info.tx_full, info.interrupts);
}

int usage()
{
    cprintf("nic                    show statistics, registers and rings\n"
            "nic trace TX,RX,...    print what the driver does (TX TXERR RX RXERR INTERRUPT\n"
            "                       EEPROM MMIO); `nic trace off` ends it\n"
            "nic transmit off|on    have frames wait in the transmit ring, or send them\n");
    return 0;
}

int monitor_nic(int argc, char** argv, Trapframe*)
{
    Nic* const card = nic_card();
    if (card == nullptr) {
        cprintf("no network card\n");
        return 0;
    }
    if (argc == 1) {
        print_info(card->info());
        card->print_state();
        return 0;
    }
    const std::string_view command = argv[1], argument = argc == 3 ? argv[2] : "";
    if (command == "trace" && !argument.empty()) {
        nic_trace_only(argument);
        return 0;
    }
    if (command == "transmit" && (argument == "off" || argument == "on")) {
        card->hold_transmit(argument == "off");
        return 0;
    }
    return usage();
}

MONITOR_COMMAND(nic, "show the network card's state (nic help: more)", monitor_nic);

}  // namespace
