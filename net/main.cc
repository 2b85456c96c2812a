// The core server: starts the network server's other environments, then answers messages one by
// one, lwIP's work included. Nothing in its loop waits for anything but the next message.
#include "net/main.hh"

#include "lib/lib.hh"
#include "net/addresses.hh"
#include "net/card_access.hh"
#include "net/dispatch.hh"
#include "net/heap.hh"
#include "net/interface.hh"
#include "net/ns.hh"
#include "net/platform.hh"
#include "net/poll.hh"
#include "net/socket_table.hh"
#include "net/tcp_socket.hh"

#ifdef NET_DHCP
static constexpr bool by_dhcp = true;
#else
static constexpr bool by_dhcp = false;
#endif

static envid_t timer_env;
static envid_t input_env;
static envid_t output_env;
static bool output_is_free;             // it waits for a run

static void timer_part(envid_t parent) { timer(parent, timer_ms); }

// Forks an environment that runs `part`. Without it the network server is none: panics.
static envid_t start(void (*part)(envid_t))
{
    const envid_t core = sys_getenvid();
    const envid_t child = fork();
    if (child < 0) {
        panic("cannot start the network server: %s", error_text(child));
    }
    if (child == 0) {
        part(core);
        exit();
    }
    return child;
}

// Maps memory at `address`: as many pages as wanted, but a share of what is free at most.
static uint32_t take_memory(uintptr_t address, uint32_t wanted, uint32_t share, uint32_t unit)
{
    MemoryInfo info;
    sys_memory_info(&info);
    uint32_t count = wanted < info.free_pages / share ? wanted : info.free_pages / share;
    count = round_down(count, unit);
    const int result = count == 0 ? to_abi(Error::no_memory)
                                  : sys_page_alloc_run(0, reinterpret_cast<void*>(address), count,
                                                       PTE_P | PTE_U | PTE_W);
    if (result < 0) {
        panic("no memory for the network server: %s", error_text(result));
    }
    return count;
}

static void take_memory_all()
{
    constexpr uint32_t heap_pages = 16 * 1024 * 1024 / page_size;
    constexpr uint32_t slab_pages = Heap::slab_bytes / page_size;
    const uint32_t heap = take_memory(heap_region, heap_pages, 4, slab_pages);
    net_heap.initialise(reinterpret_cast<void*>(heap_region), heap * page_size);

    constexpr uint32_t run = OutputQueue::run_pages;
    const uint32_t taken = take_memory(output_runs, OutputQueue::max_runs * run, 8, run);
    output_queue.initialise(reinterpret_cast<jif_pkt*>(output_runs), taken / run);
}

static void start_interface(const NetInfo& info)
{
    const auto& mac = info.mac;
    interface_add(info, by_dhcp);
    if (by_dhcp) {
        cprintf("ns: asking for an IP address by DHCP\n");
    } else {
        cprintf("ns: %02x:%02x:%02x:%02x:%02x:%02x bound to static IP %u.%u.%u.%u\n", mac[0],
                mac[1], mac[2], mac[3], mac[4], mac[5], own_address >> 24,
                (own_address >> 16) & 255, (own_address >> 8) & 255, own_address & 255);
    }

    card_access_start();
    // The first message is empty: output answers when it is there.
    const int result = sys_ipc_send(output_env, NSREQ_OUTPUT | output_wants_answer, {},
                                    wait_forever);
    if (result < 0) {
        panic("the output environment is gone: %s", error_text(result));
    }
}

extern "C" char end[];                  // of our data (user/user.ld)

// Since the forks a page of our data is copied when it is written to. All of them now: what comes
// from the network later must not cost memory.
static void own_data_pages()
{
    for (uintptr_t page = UTEXT; page < reinterpret_cast<uintptr_t>(end); page += page_size) {
        if ((page_table_entry(page) & PTE_COW) != 0) {
            volatile char& byte = *reinterpret_cast<volatile char*>(page);
            byte = byte;
        }
    }
}

static void set_up()
{
    sys_env_set_name(0, "ns");
    NetInfo info;
    const int card = sys_net_info(&info);
    timer_env = start(timer_part);
    if (card == 0) {
        input_env = start(input);
        output_env = start(output);
    }
    own_data_pages();
    take_memory_all();
    requests.initialise();
    sockets.initialise();
    interface_start_stack();
    if (card == 0) {
        start_interface(info);
    } else {
        cprintf("ns: no network card (%s): only this machine can be reached\n", error_text(card));
    }
    cprintf("NS: TCP/IP initialized.\n");
}

static void receive_packets(const IpcMessage& message)
{
    const jif_pkt* packets =
        reinterpret_cast<const jif_pkt*>(platform::request_window(requests.landing().index));
    for (uint32_t i = 0; i < message.pages.count(); i++) {
        const int32_t length = packets[i].jp_len;
        if (length > 0 && static_cast<size_t>(length) <= sizeof(jif_pkt::jp_data)) {
            interface_receive({packets[i].jp_data, static_cast<size_t>(length)});
        }
    }
    interface_receive_end();
}

static void on_input(const IpcMessage& message)
{
    if (message.value == NSREQ_INPUT) {
        receive_packets(message);
    } else if ((message.value & 0xFF) == NSREQ_LINK) {
        const bool up = message.value != NSREQ_LINK;
        cprintf("ns: link is %s\n", up ? "up" : "down");
        interface_set_link(up);
    }
    platform::answer(message.from, 0);
}

static void on_timer(const IpcMessage& message)
{
    interface_check_timers();
    requests.drop_dead_clients();
    sockets.reclaim();
    requests.release_windows();
    platform::answer(message.from, static_cast<int32_t>(timer_ms));
}

static void on_output(const IpcMessage& message)
{
    if (message.value == NSREQ_OUTPUT_DONE) {
        output_queue.done(OutputQueue::run_pages);
        output_is_free = true;
    } else {
        platform::answer(message.from, to_abi(Error::invalid_argument));
    }
}

// Our own environments are known by their ids: nobody else can inject packets or time.
static void on_message(const IpcMessage& message)
{
    requests.note_message(message.pages.count());
    if (message.from == input_env) {
        on_input(message);
    } else if (message.from == timer_env) {
        on_timer(message);
    } else if (message.from == output_env) {
        on_output(message);
    } else {
        dispatch(requests.begin(message.from, message.value, message.pages.count(),
                                message.pages.writable()));
    }
}

// Does what the message led to: packets to ourselves, TCP's output, polls, frames to the card.
// Returns how long the next wait may be.
static uint32_t end_turn()
{
    tcp_flush();
    interface_loop_back();
    const uint32_t wait_ms = poll_answer();
    tcp_flush();                        // what batches have sent
    if (output_is_free && !card_transmit()) {
        output_is_free = false;         // it waits until the ring has room
        platform::answer(output_env, NSREQ_OUTPUT | output_wants_answer, output_queue.take());
    }
    return wait_ms;
}

void umain(int, char**)
{
    set_up();
    for (;;) {
        const uint32_t wait_ms = end_turn();
        const platform::Answer answer = platform::take_held_answer();
        const uintptr_t window =
            reinterpret_cast<uintptr_t>(platform::request_window(requests.landing().index));
        const IpcMessage message =
            ipc_reply_wait(answer.client, answer.value, answer.pages,
                           PageRun::at(window, platform::max_message_pages), wait_ms);
        if (message.from > 0) {
            on_message(message);
        } else if (message.from == to_abi(Error::timed_out)) {
            card_receive();             // time is up for a poll, or frames are there
        } else {
            panic("ipc_reply_wait: %s", error_text(message.from));
        }
    }
}
