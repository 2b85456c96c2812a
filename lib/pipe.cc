// Pipes: a ring of bytes in a page that both ends share.
//
// Each end is a descriptor page of its own; whoever has one maps the pipe's page too. So the
// other end is gone when the pipe's page has only as many references as this end's descriptor.
// That is never seen too early: dup, fork and spawn map the pipe's page before the descriptor,
// close unmaps it after, an environment that ends drops both at once, and the kernel counts
// (sys_word_wait).
//
// An environment may be destroyed at any place in here. What it was about to do shows only with
// the store to `head` or `tail` at its end, and the lock knows its owner.
#include <algorithm>

#include "inc/error.hh"
#include "inc/mmu.h"
#include "inc/string.hh"
#include "lib/fd.hh"
#include "lib/syscall.hh"

namespace {

constexpr uint32_t capacity = 2048;             // a power of two: positions wrap at 32 bits
constexpr uint32_t whole_bytes = 512;           // a write of so many does not mix with others
constexpr uint32_t page_rights = PTE_P | PTE_U | PTE_W | PTE_SHARE;

// In shared memory. The owner's id, and whether somebody may be waiting.
class RobustLock {
public:
    void acquire();
    void release();

private:
    static constexpr uint32_t contended = 0x80000000;
    static_assert(max_envs < (1 << 30));
    bool exchange(uint32_t& expected, uint32_t wanted)
    {
        return __atomic_compare_exchange_n(&word_, &expected, wanted, false, __ATOMIC_ACQUIRE,
                                           __ATOMIC_RELAXED);
    }

    uint32_t word_ = 0;
};

void RobustLock::acquire()
{
    const auto me = static_cast<uint32_t>(sys_getenvid());
    uint32_t seen = 0;
    uint32_t wanted = me;
    while (!exchange(seen, wanted)) {
        if (seen == 0) {
            continue;
        }
        wanted = me | contended;                // others may wait that we know nothing of
        if ((seen & contended) == 0 && !exchange(seen, seen | contended)) {
            seen = 0;
            continue;
        }
        seen |= contended;
        const auto owner = static_cast<envid_t>(seen & ~contended);
        if (sys_word_wait(&word_, seen, nullptr, owner, wait_forever) != to_abi(Error::peer_died)) {
            seen = 0;
        }                                       // else takes it over from the dead
    }
}

void RobustLock::release()
{
    if ((__atomic_exchange_n(&word_, 0, __ATOMIC_RELEASE) & contended) != 0) {
        sys_word_wake(&word_, 1);
    }
}

// The pipe's page. `head` counts the bytes read, `tail` those written.
struct Pipe {
    RobustLock lock{};
    uint32_t head = 0;
    uint32_t tail = 0;
    char bytes[capacity] = {};

    uint32_t used() const { return tail - head; }
};
static_assert(sizeof(Pipe) <= PGSIZE);

Pipe& pipe_of(const Fd& fd) { return *reinterpret_cast<Pipe*>(fd2data(&fd)); }

// Copies between memory and the ring, which `position` is taken modulo of.
void copy_out(const Pipe& pipe, uint32_t position, char* to, uint32_t size)
{
    const uint32_t first = std::min(size, capacity - position % capacity);
    memcpy(to, pipe.bytes + position % capacity, first);
    memcpy(to + first, pipe.bytes, size - first);
}

void copy_in(Pipe& pipe, uint32_t position, const char* from, uint32_t size)
{
    const uint32_t first = std::min(size, capacity - position % capacity);
    memcpy(pipe.bytes + position % capacity, from, first);
    memcpy(pipe.bytes, from + first, size - first);
}

void publish(uint32_t& position, uint32_t value)
{
    __atomic_store_n(&position, value, __ATOMIC_RELEASE);
}

// Waits until the other side has moved `position` on from `seen`. Returns 0 or an error.
int wait_for_move(const Fd& fd, const uint32_t& position, uint32_t seen)
{
    const uint32_t limit = (fd.fd_omode & O_NONBLOCK) != 0 ? 0 : wait_forever;
    const int result = sys_word_wait(&position, seen, &fd, 0, limit);
    return result == to_abi(Error::timed_out) ? to_abi(Error::try_again) : result;
}

ssize_t pipe_read(Fd& fd, void* buffer, size_t size)
{
    Pipe& pipe = pipe_of(fd);
    if (size == 0) {
        return 0;
    }
    for (;;) {
        pipe.lock.acquire();
        const uint32_t tail = pipe.tail;
        const uint32_t count = std::min({pipe.used(), static_cast<uint32_t>(size), capacity});
        if (count > 0) {
            copy_out(pipe, pipe.head, static_cast<char*>(buffer), count);
            publish(pipe.head, pipe.head + count);
        }
        pipe.lock.release();
        if (count > 0) {
            sys_word_wake(&pipe.head, UINT32_MAX);
            return static_cast<ssize_t>(count);
        }
        if (const int result = wait_for_move(fd, pipe.tail, tail); result < 0) {
            return result == to_abi(Error::peer_died) ? 0 : result;
        }
    }
}

bool has_readers(const Fd& fd, const Pipe& pipe)
{
    return sys_word_wait(&pipe.head, pipe.head, &fd, 0, 0) != to_abi(Error::peer_died);
}

ssize_t pipe_write(Fd& fd, const void* buffer, size_t size)
{
    Pipe& pipe = pipe_of(fd);
    if (!has_readers(fd, pipe)) {
        return to_abi(Error::broken_pipe);
    }
    const uint32_t wanted = std::min(static_cast<uint32_t>(size), capacity);
    const uint32_t needed = std::min(wanted, whole_bytes);
    for (;;) {
        pipe.lock.acquire();
        const uint32_t head = pipe.head;
        const uint32_t room = capacity - std::min(pipe.used(), capacity);
        const uint32_t count = room >= needed ? std::min(room, wanted) : 0;
        if (count > 0) {
            copy_in(pipe, pipe.tail, static_cast<const char*>(buffer), count);
            publish(pipe.tail, pipe.tail + count);
        }
        pipe.lock.release();
        if (count > 0 || size == 0) {
            sys_word_wake(&pipe.tail, UINT32_MAX);
            return static_cast<ssize_t>(count);
        }
        if (const int result = wait_for_move(fd, pipe.head, head); result < 0) {
            return result == to_abi(Error::peer_died) ? to_abi(Error::broken_pipe) : result;
        }
    }
}

int pipe_stat(Fd& fd, Stat& stat)
{
    strlcpy(stat.st_name, "<pipe>", sizeof stat.st_name);
    stat.st_size = static_cast<off_t>(pipe_of(fd).used());
    return 0;
}

// Makes one end at `fd`, whose pages are free: of the pipe in `page`, or of a new one.
int make_end(Fd* fd, uint32_t mode, const void* page)
{
    int result = page != nullptr ? sys_page_map(0, page, 0, fd2data(fd), page_rights)
                                 : sys_page_alloc(0, fd2data(fd), page_rights);
    if (result < 0) {
        return result;
    }
    result = sys_page_alloc(0, fd, page_rights);
    if (result < 0) {
        sys_page_unmap(0, fd2data(fd));
        return result;
    }
    fd->fd_dev_id = pipe_device.id;
    fd->fd_omode = mode;
    return 0;
}

} // namespace

// Closing is unmapping: the kernel wakes who waits on the page.
const Device pipe_device = {'p', "pipe", pipe_read, pipe_write, nullptr, pipe_stat, nullptr};

int pipe(int numbers[2])
{
    Fd* reader = nullptr;
    Fd* writer = nullptr;
    int result = fd_alloc(&reader);
    if (result < 0) {
        return result;
    }
    if (result = make_end(reader, O_RDONLY, nullptr); result < 0) {
        return result;
    }
    result = fd_alloc(&writer);
    if (result == 0) {
        result = make_end(writer, O_WRONLY, fd2data(reader));
    }
    if (result < 0) {
        fd_close(reader, true);
        return result;
    }
    numbers[0] = fd2num(reader);
    numbers[1] = fd2num(writer);
    return 0;
}
