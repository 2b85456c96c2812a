#include "kern/env/words.hh"

#include <array>

#include "kern/env/environment.hh"

namespace {

constinit std::array<WaitQueue, 64> queues{};   // by page, so that a page's waiters are in one

constexpr PhysAddr page_of(PhysAddr address) { return {address.value & ~(PGSIZE - 1u)}; }

template <typename Matches>
uint32_t wake_matching(WaitQueue& queue, uint32_t count, Matches matches)
{
    uint32_t woken = 0;
    for (Environment* waiting = queue.first(); waiting != nullptr && woken < count;) {
        Environment& candidate = *waiting;
        waiting = WaitQueue::next(candidate);
        if (matches(candidate)) {
            candidate.make_runnable();
            ++woken;
        }
    }
    return woken;
}

}   // namespace

WaitQueue& word_queue(PhysAddr word)
{
    return queues[(word.value >> page_shift) % queues.size()];
}

uint32_t wake_word_waiters(PhysAddr word, uint32_t count)
{
    return wake_matching(word_queue(word), count,
                         [word](const Environment& waiting) { return waiting.word == word; });
}

void wake_page_waiters(PhysAddr page)
{
    wake_matching(word_queue(page), UINT32_MAX, [page](const Environment& waiting) {
        return page_of(waiting.word) == page_of(page);
    });
}

void wake_all_word_waiters()
{
    for (WaitQueue& queue : queues) {
        queue.wake_all();
    }
}
