// Messages between environments.
#include "user/guesttest/test.hh"

namespace {

// The test's own environment, for its children.
envid_t parent_id()
{
    return thisenv->env_parent_id;
}

IpcMessage receive(PageRun window = {}, uint32_t timeout_ms = 10'000, envid_t from = 0)
{
    const IpcMessage message = ipc_wait(window, timeout_ms, from);
    check_result(message.from, "ipc_wait");
    return message;
}

void try_send_needs_a_receiver()
{
    const envid_t child = start_child([] { sys_sleep(60'000); });
    check_result(sys_sleep(50), "sleep");
    check_error(sys_ipc_try_send(child, 1, pointer(UTOP), 0), Error::ipc_not_receiving,
                "ipc_try_send to one who sleeps");
    check_error(sys_ipc_send(child, 1, {}, 0), Error::ipc_not_receiving,
                "ipc_send that may not wait");
    check_error(sys_ipc_send(child, 1, {}, 50), Error::timed_out, "ipc_send of 50 ms");
    check_result(sys_env_destroy(child), "env_destroy");
    for (const envid_t to : {child, -1, 0x7FFFFFFF, static_cast<int>(thisenv->env_id)}) {
        check_error(sys_ipc_try_send(to, 1, pointer(UTOP), 0), Error::bad_env,
                    "ipc_try_send to nobody");
        check_error(sys_ipc_send(to, 1, {}, wait_forever), Error::bad_env, "ipc_send to nobody");
        check_error(sys_ipc_call(to, 1, {}, {}, wait_forever).from, Error::bad_env,
                    "ipc_call to nobody");
    }
}

void bad_pages_are_refused()
{
    const envid_t child = start_child([] {
        for (;;) {
            ipc_wait();
        }
    });
    check_result(sys_sleep(50), "sleep");
    check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
    check_result(sys_page_map(0, scratch_page(0), 0, scratch_page(1), PTE_P | PTE_U), "page_map");

    check_error(sys_ipc_try_send(child, 0, scratch_page() + 1, page_rights),
                Error::invalid_argument, "a page that is not aligned");
    check_error(sys_ipc_try_send(child, 0, scratch_page(5), page_rights), Error::invalid_argument,
                "a page that is not there");
    check_error(sys_ipc_try_send(child, 0, scratch_page(1), page_rights), Error::invalid_argument,
                "a read-only page, sent writable");
    check_error(sys_ipc_try_send(child, 0, scratch_page(0), page_rights | PTE_PS),
                Error::invalid_argument, "bad rights");

    const PageRun bad_runs[] = {
        PageRun::at(address_of(scratch_page(1)), 1, true),  // read-only, sent writable
        PageRun::at(address_of(scratch_page(0)), 3, false), // the third is not there
        PageRun::at(UTOP - page_size, 2, false),
        PageRun::at(ULIM, 1, false),
        PageRun::at(KERNBASE, 1, false),
        PageRun::at(0xFFFFF000, PageRun::max_pages, false),
    };
    for (const PageRun run : bad_runs) {
        check_error(sys_ipc_send(child, 0, run, 1000), Error::invalid_argument,
                    "ipc_send of a bad run");
        check_error(sys_ipc_call(child, 0, run, {}, 1000).from, Error::invalid_argument,
                    "ipc_call with a bad run");
    }
    for (const PageRun window : {PageRun::at(UTOP - page_size, 2), PageRun::at(UTOP, 1),
                                 PageRun::at(KERNBASE, 4), PageRun::at(0xFFFFF000, 2)}) {
        check_error(ipc_wait(window, 0).from, Error::invalid_argument, "a bad window");
    }
    check_error(sys_ipc_recv(scratch_page() + 1), Error::invalid_argument, "a window not aligned");
    check_result(sys_env_destroy(child), "env_destroy");
}

void values_arrive_in_order()
{
    const envid_t child = start_child([] {
        for (uint32_t i = 0; i < 100; i++) {
            check_result(sys_ipc_send(parent_id(), i, {}, 10'000), "ipc_send");
        }
    });
    for (uint32_t i = 0; i < 100; i++) {
        const IpcMessage message = receive();
        check_equal(message.from, child, "the sender");
        check_equal(static_cast<long>(message.value), static_cast<long>(i), "the value");
        check_equal(static_cast<long>(message.pages.count()), 0, "pages that nobody sent");
    }
    check_equal(wait_for(child), 0, "status of the sender");
}

void course_calls_work()
{
    const envid_t child = start_child([] {
        check_result(sys_page_alloc(0, scratch_page(), page_rights), "page_alloc");
        strcpy(scratch_page(), "a page");
        ipc_send(parent_id(), 7, scratch_page(), page_rights);
        ipc_send(parent_id(), 8, nullptr, 0);
    });
    envid_t from = 0;
    int rights = 0;
    check_equal(ipc_recv(&from, scratch_page(1), &rights), 7, "the first value");
    check_equal(from, child, "the first sender");
    check_equal(rights, page_rights, "the page's rights");
    check(strcmp(scratch_page(1), "a page") == 0, "the page's text");
    check_equal(ipc_recv(&from, scratch_page(1), &rights), 8, "the second value");
    check_equal(rights, 0, "rights of no page");
    check(strcmp(scratch_page(1), "a page") == 0, "a message without page took one away");
    check_equal(wait_for(child), 0, "status of the sender");
}

void many_senders_wait()
{
    constexpr int count = 20;
    for (int i = 0; i < count; i++) {
        start_child([] { check_result(sys_ipc_send(parent_id(), 1, {}, 10'000), "ipc_send"); });
    }
    check_result(sys_sleep(100), "sleep");
    uint32_t sum = 0;
    for (int i = 0; i < count; i++) {
        sum += receive().value;
    }
    check_equal(static_cast<long>(sum), count, "messages of many senders");
    check_error(ipc_wait({}, 0).from, Error::timed_out, "one message more than was sent");
}

void one_sender_is_chosen()
{
    const auto send_id = [] {
        check_result(sys_ipc_send(parent_id(), static_cast<uint32_t>(sys_getenvid()), {}, 10'000),
                     "ipc_send");
    };
    const envid_t first = start_child(send_id), second = start_child(send_id);
    check_result(sys_sleep(100), "sleep");
    check_equal(receive({}, 1000, second).from, second, "the chosen sender");
    check_equal(receive({}, 1000, first).from, first, "the other sender");
    wait_for(first);
    check_error(ipc_wait({}, 1000, first).from, Error::bad_env, "ipc_wait for one that has ended");
}

// Doubles what it is sent, for ever.
void double_values()
{
    IpcMessage request = ipc_wait();
    for (;;) {
        request = ipc_reply_wait(request.from, request.value * 2);
    }
}

void calls_are_answered()
{
    const envid_t server = start_child(double_values);
    for (uint32_t i = 0; i < 1000; i++) {
        const IpcMessage answer = ipc_call(server, i, {}, {}, 10'000);
        check_equal(answer.from, server, "who answered");
        check_equal(static_cast<long>(answer.value), static_cast<long>(2 * i), "the answer");
    }
    check_result(sys_env_destroy(server), "env_destroy");
}

void only_the_callee_answers()
{
    const envid_t server = start_child([] {
        const IpcMessage request = ipc_wait();
        check_result(sys_sleep(200), "sleep");
        check_result(ipc_reply(request.from, 1), "ipc_reply");
    });
    const envid_t intruder = start_child([] {
        check_result(sys_sleep(50), "sleep");
        check_error(sys_ipc_try_send(parent_id(), 666, pointer(UTOP), 0), Error::ipc_not_receiving,
                    "ipc_try_send to one who waits for an answer");
    });
    const IpcMessage answer = ipc_call(server, 0, {}, {}, 10'000);
    check_equal(answer.from, server, "who answered");
    check_equal(static_cast<long>(answer.value), 1, "the answer");
    check_equal(wait_for(intruder), 0, "status of the intruder");
    wait_for(server);
}

void late_answers_are_lost()
{
    const envid_t server = start_child([] {
        IpcMessage request = ipc_wait();
        check_result(sys_sleep(150), "sleep");
        request = ipc_reply_wait(request.from, 1);
        ipc_reply(request.from, 2);
    });
    check_error(ipc_call(server, 0, {}, {}, 50).from, Error::timed_out, "ipc_call of 50 ms");
    check_result(sys_sleep(200), "sleep");
    check_equal(static_cast<long>(ipc_call(server, 0, {}, {}, 10'000).value), 2,
                "the answer to the second call");
    wait_for(server);
}

void death_is_told()
{
    const auto die_soon = [] { sys_sleep(100); };
    check_error(ipc_call(start_child(die_soon), 0).from, Error::peer_died,
                "ipc_call to one that dies");
    check_error(sys_ipc_send(start_child(die_soon), 0, {}, wait_forever), Error::peer_died,
                "ipc_send to one that dies");
    check_error(ipc_wait({}, wait_forever, start_child(die_soon)).from, Error::peer_died,
                "ipc_wait for one that dies");
    const envid_t taker = start_child([] {
        ipc_wait();
        sys_sleep(50);
    });
    check_error(ipc_call(taker, 0).from, Error::peer_died, "ipc_call to one that never answers");
}

void sender_may_die_waiting()
{
    const envid_t sender = start_child([] { sys_ipc_send(parent_id(), 1, {}, wait_forever); });
    check_result(sys_sleep(50), "sleep");
    check_result(sys_env_destroy(sender), "env_destroy");
    check_error(ipc_wait({}, 50).from, Error::timed_out, "the message of a dead sender");
}

constexpr uint32_t run_pages = 40;

void send_run(bool writable)
{
    check_result(sys_page_alloc_run(0, scratch_page(), run_pages, page_rights), "page_alloc_run");
    for (unsigned i = 0; i < run_pages; i++) {
        *scratch_page<unsigned>(i) = i + 1;
    }
    check_result(sys_ipc_send(parent_id(), 1,
                              PageRun::at(address_of(scratch_page()), run_pages, writable), 10'000),
                 "ipc_send of a run");
    ipc_wait();                             // the parent has looked
    check_equal(static_cast<long>(*scratch_page<unsigned>(1)), writable ? 99 : 2,
                "the second page, after the receiver had it");
}

void runs_arrive(bool writable)
{
    const envid_t child = start_child([writable] { send_run(writable); });
    const IpcMessage message = receive(PageRun::at(address_of(scratch_page(100)), run_pages));
    check_equal(static_cast<long>(message.pages.count()), run_pages, "pages that arrived");
    check_equal(message.pages.writable(), writable, "whether they are writable");
    for (unsigned i = 0; i < run_pages; i++) {
        check(*scratch_page<unsigned>(100 + i) == i + 1, "what a page holds");
    }
    const bool is_writable = (page_table_entry(address_of(scratch_page(101))) & PTE_W) != 0;
    check_equal(is_writable, writable, "whether the mapping is writable");
    if (writable) {
        *scratch_page<unsigned>(101) = 99;
    }
    check_result(sys_ipc_send(child, 0, {}, 10'000), "ipc_send");
    check_equal(wait_for(child), 0, "status of the sender");
}

void writable_runs_arrive() { runs_arrive(true); }
void read_only_runs_arrive() { runs_arrive(false); }

void small_windows_take_what_fits()
{
    const envid_t child = start_child([] {
        check_result(sys_page_alloc_run(0, scratch_page(), 8, page_rights), "page_alloc_run");
        check_result(sys_ipc_send(parent_id(), 1, PageRun::at(address_of(scratch_page()), 8), 10'000),
                     "ipc_send of eight pages");
        check_result(sys_ipc_send(parent_id(), 1, PageRun::at(address_of(scratch_page()), 8), 10'000),
                     "ipc_send of eight pages");
    });
    const IpcMessage message = receive(PageRun::at(address_of(scratch_page(100)), 3));
    check_equal(static_cast<long>(message.pages.count()), 3, "pages in a window of three");
    check(page_table_entry(address_of(scratch_page(103))) == 0, "a page beyond the window");
    check_equal(static_cast<long>(receive().pages.count()), 0, "pages without a window");
    wait_for(child);
}

void copy_on_write_pages_can_be_sent()
{
    static char page[2 * PGSIZE];
    char* const aligned = page + (PGSIZE - address_of(page) % PGSIZE) % PGSIZE;
    strcpy(aligned, "before");
    const envid_t child = start_child([aligned] {   // here the page is copy-on-write
        check_result(sys_ipc_send(parent_id(), 1, PageRun::at(address_of(aligned), 1), 10'000),
                     "ipc_send of a copy-on-write page, writable");
        ipc_wait();
        check(strcmp(aligned, "after") == 0, "the receiver's write did not come back");
    });
    receive(PageRun::at(address_of(scratch_page()), 1));
    strcpy(scratch_page(), "after");
    check_result(sys_ipc_send(child, 0, {}, 10'000), "ipc_send");
    check_equal(wait_for(child), 0, "status of the sender");
    check(strcmp(aligned, "before") == 0, "the parent's own page changed");
}

} // namespace

static constexpr Test tests[] = {
    {"ipc: a send without receiver fails or waits", try_send_needs_a_receiver},
    {"ipc: bad pages and windows are refused", bad_pages_are_refused},
    {"ipc: values arrive in order", values_arrive_in_order},
    {"ipc: the course's calls", course_calls_work},
    {"ipc: many senders wait", many_senders_wait},
    {"ipc: one sender is chosen", one_sender_is_chosen},
    {"ipc: calls are answered", calls_are_answered},
    {"ipc: only the callee answers a call", only_the_callee_answers},
    {"ipc: late answers are lost", late_answers_are_lost},
    {"ipc: a peer's death is an error", death_is_told},
    {"ipc: a sender may die waiting", sender_may_die_waiting},
    {"ipc: writable runs of pages", writable_runs_arrive},
    {"ipc: read-only runs of pages", read_only_runs_arrive},
    {"ipc: small windows take what fits", small_windows_take_what_fits},
    {"ipc: copy-on-write pages can be sent", copy_on_write_pages_can_be_sent},
};
const std::span<const Test> ipc_tests = tests;
