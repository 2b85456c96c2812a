// Words of shared memory, and the pipes that are built on them.
#include "user/guesttest/test.hh"

namespace {

struct Ends {
    int numbers[2] = {-1, -1};
    int reader() const { return numbers[0]; }
    int writer() const { return numbers[1]; }
};

Ends make_pipe()
{
    Ends ends;
    check_result(pipe(ends.numbers), "pipe");
    return ends;
}

uint32_t* shared_word()
{
    check_result(sys_page_alloc(0, scratch_page(), page_rights | PTE_SHARE), "page_alloc");
    return scratch_page<uint32_t>();
}

void words_have_rules()
{
    uint32_t* const word = shared_word();
    check_equal(sys_word_wait(word, 1, nullptr, 0, wait_forever), 0, "a word that differs");
    check_error(sys_word_wait(word, 0, nullptr, 0, 0), Error::timed_out, "no time to wait");
    check_error(sys_word_wait(word, 0, nullptr, 0, 20), Error::timed_out, "20 ms");
    check_equal(sys_word_wake(word, 1), 0, "nobody to wake");
    for (const uintptr_t bad : {uintptr_t{0}, uintptr_t{KERNBASE}, uintptr_t{0xFFFFFFFC}}) {
        auto* const nowhere = reinterpret_cast<uint32_t*>(bad);
        check_error(sys_word_wait(nowhere, 0, nullptr, 0, 0), Error::fault, "a bad word");
        check_error(sys_word_wake(nowhere, 1), Error::fault, "waking a bad word");
    }
    auto* const odd = reinterpret_cast<uint32_t*>(address_of(word) + 2);
    check_error(sys_word_wait(odd, 0, nullptr, 0, 0), Error::invalid_argument, "an odd address");
    check_error(sys_word_wait(word, 0, pointer(0x1000), 0, 0), Error::fault, "a bad sharer");
    check_error(sys_word_wait(word, 0, word, 0, 0), Error::peer_died, "nobody else has the page");
    check_error(sys_word_wait(word, 0, nullptr, 0x7FFFFFFF, 0), Error::peer_died, "no such env");
}

void a_store_and_a_wake_end_a_wait()
{
    uint32_t* const word = shared_word();
    const envid_t child = start_child([word] {
        check_equal(sys_word_wait(word, 0, nullptr, 0, 10'000), 0, "waiting for the store");
        check_equal(static_cast<long>(*word), 7, "the word");
    });
    sys_sleep(50);
    check_equal(sys_word_wake(word, 1), 1, "one waits");        // and goes on waiting
    sys_sleep(50);
    *word = 7;
    check_equal(sys_word_wake(word, 1), 1, "one waits");
    check_equal(wait_for(child), 0, "status of the child");
}

void an_end_ends_a_wait()
{
    uint32_t* const word = shared_word();
    const envid_t sleeper = start_child([] { sys_sleep(wait_forever); });
    const envid_t watcher = start_child([word, sleeper] {
        check_error(sys_word_wait(word, 0, nullptr, sleeper, 10'000), Error::peer_died, "its end");
    });
    sys_sleep(50);
    check_result(sys_env_destroy(sleeper), "env_destroy");
    check_equal(wait_for(watcher), 0, "status of the watcher");
}

void bytes_go_through()
{
    const Ends ends = make_pipe();
    const envid_t child = start_child([ends] {
        close(ends.writer());
        char text[32] = {};
        check_equal(readn(ends.reader(), text, sizeof text), 14, "bytes read");
        check(strcmp(text, "down the pipe\n") == 0, "other bytes came out");
        check_equal(read(ends.reader(), text, 1), 0, "the end of file stays");
    });
    close(ends.reader());
    check_equal(write(ends.writer(), "down the pipe\n", 14), 14, "bytes written");
    sys_sleep(50);                              // the child waits for more, or the end
    close(ends.writer());
    check_equal(wait_for(child), 0, "status of the child");
}

void more_than_a_pipe_holds_goes_through()
{
    constexpr uint32_t total = 200'000;
    const Ends ends = make_pipe();
    const envid_t child = start_child([ends] {
        close(ends.reader());
        char piece[777];
        for (uint32_t done = 0; done < total;) {
            const uint32_t count = total - done < sizeof piece ? total - done : sizeof piece;
            for (uint32_t i = 0; i < count; i++) {
                piece[i] = static_cast<char>((done + i) % 251);
            }
            check_equal(writen(ends.writer(), piece, count), static_cast<long>(count), "writen");
            done += count;
        }
    });
    close(ends.writer());
    char piece[1000];
    uint32_t done = 0;
    for (ssize_t count; (count = read(ends.reader(), piece, sizeof piece)) != 0;) {
        check_result(count, "read");
        for (ssize_t i = 0; i < count; i++, done++) {
            check(piece[i] == static_cast<char>(done % 251), "a byte is not in its place");
        }
    }
    check_equal(static_cast<long>(done), total, "bytes read");
    check_equal(wait_for(child), 0, "status of the child");
}

// Four writers and three readers: each record comes out once, and whole.
struct Record {
    uint32_t writer = 0, number = 0, sum = 0;
};

void readers_and_writers_mix()
{
    constexpr uint32_t writers = 4, readers = 3, records = 300;
    auto* const seen = reinterpret_cast<uint8_t*>(shared_word());   // [writer][number]
    const Ends ends = make_pipe();
    envid_t children[writers + readers];
    for (uint32_t i = 0; i < writers; i++) {
        children[i] = start_child([ends, i] {
            close(ends.reader());
            for (uint32_t number = 0; number < records; number++) {
                const Record record{i, number, i * 1000 + number};
                check_equal(write(ends.writer(), &record, sizeof record), sizeof record, "write");
            }
        });
    }
    for (uint32_t i = 0; i < readers; i++) {
        children[writers + i] = start_child([ends, seen] {
            close(ends.writer());
            Record record;
            for (ssize_t count; (count = read(ends.reader(), &record, sizeof record)) != 0;) {
                check_equal(count, sizeof record, "read");
                check(record.writer < writers && record.number < records &&
                          record.sum == record.writer * 1000 + record.number, "a torn record");
                __atomic_fetch_add(&seen[record.writer * records + record.number], 1,
                                   __ATOMIC_RELAXED);
            }
        });
    }
    close(ends.reader());
    close(ends.writer());
    for (const envid_t child : children) {
        check_equal(wait_for(child), 0, "status of a reader or writer");
    }
    for (uint32_t i = 0; i < writers * records; i++) {
        check_equal(seen[i], 1, "how often a record came");
    }
}

void a_dead_writer_is_the_end()
{
    const Ends ends = make_pipe();
    const envid_t child = start_child([] { sys_sleep(wait_forever); });
    const envid_t killer = start_child([ends, child] {
        close(ends.writer());
        sys_sleep(100);
        exit();
    });
    close(ends.writer());
    wait_for(killer);
    check_result(sys_env_destroy(child), "env_destroy");
    char byte = 0;
    check_equal(read(ends.reader(), &byte, 1), 0, "read after the writers' end");
}

void a_reader_waits_until_its_writer_dies()
{
    const Ends ends = make_pipe();
    const envid_t writer = start_child([] { sys_sleep(wait_forever); });
    const envid_t reader = start_child([ends] {
        close(ends.writer());
        char byte = 0;
        check_equal(read(ends.reader(), &byte, 1), 0, "read while the writer dies");
    });
    close(ends.writer());
    sys_sleep(50);
    check_result(sys_env_destroy(writer), "env_destroy");
    check_equal(wait_for(reader), 0, "status of the reader");
}

void writing_to_nobody_is_an_error()
{
    const Ends ends = make_pipe();
    const envid_t writer = start_child([ends] {
        close(ends.reader());
        static char much[10'000];
        check_error(writen(ends.writer(), much, sizeof much), Error::broken_pipe, "write");
        check_error(write(ends.writer(), much, 1), Error::broken_pipe, "write again");
    });
    sys_sleep(50);                              // the writer waits for room
    close(ends.reader());
    check_equal(wait_for(writer), 0, "status of the writer");
}

// Writers are destroyed wherever they are, often with the pipe's lock; the others must go on.
void deaths_in_the_middle_do_no_harm()
{
    const Ends ends = make_pipe();
    const envid_t reader = start_child([ends] {
        close(ends.writer());
        static char piece[512];
        ssize_t count;
        while ((count = read(ends.reader(), piece, sizeof piece)) > 0) {
        }
        check_equal(count, 0, "the end of file");
    });
    for (uint32_t round = 0; round < 40; round++) {
        const envid_t writer = start_child([ends] {
            close(ends.reader());
            static char piece[512];
            for (;;) {
                check_result(write(ends.writer(), piece, sizeof piece), "write");
            }
        });
        sys_sleep(1 + round % 7);
        check_result(sys_env_destroy(writer), "env_destroy");
        check_equal(write(ends.writer(), "x", 1), 1, "a write after a writer's death");
    }
    close(ends.reader());
    close(ends.writer());
    check_equal(wait_for(reader), 0, "status of the reader");
}

void ends_have_directions()
{
    const Ends ends = make_pipe();
    char byte = 0;
    check_error(read(ends.writer(), &byte, 1), Error::invalid_argument, "reading the writing end");
    check_error(write(ends.reader(), &byte, 1), Error::invalid_argument, "writing the other");
    check_equal(dup(ends.writer(), 100), 100, "dup");
    close(ends.writer());
    check_equal(write(100, "y", 1), 1, "write to the duplicate");
    close(100);
    check_equal(read(ends.reader(), &byte, 1), 1, "read");
    check_equal(read(ends.reader(), &byte, 1), 0, "read at the end");
}

} // namespace

static constexpr Test tests[] = {
    {"pipe: words have rules", words_have_rules},
    {"pipe: a store and a wake end a wait", a_store_and_a_wake_end_a_wait},
    {"pipe: an environment's end ends a wait", an_end_ends_a_wait},
    {"pipe: bytes go through", bytes_go_through},
    {"pipe: more than it holds goes through", more_than_a_pipe_holds_goes_through},
    {"pipe: readers and writers mix", readers_and_writers_mix},
    {"pipe: a dead writer is the end of file", a_dead_writer_is_the_end},
    {"pipe: a waiting reader sees its writer die", a_reader_waits_until_its_writer_dies},
    {"pipe: writing to nobody is an error", writing_to_nobody_is_an_error},
    {"pipe: deaths in the middle do no harm", deaths_in_the_middle_do_no_harm},
    {"pipe: ends have directions", ends_have_directions},
};
const std::span<const Test> pipe_tests = tests;
