#include "user/httpd/places.hh"

#include <new>

#include "inc/mmu.h"
#include "lib/syscall.hh"

namespace http {

// Places in the last page that others have begun are there already.
bool Places::add_places()
{
    const size_t count = count_ + step;
    const auto first = reinterpret_cast<uintptr_t>(connections_);
    const uintptr_t from = first + round_up(count_ * sizeof(Connection), page_size);
    const uintptr_t to = first + round_up(count * sizeof(Connection), page_size);
    if (count > max
        || batch_.grow(own_calls_ + static_cast<uint32_t>(count) * calls_each,
                       count * Channel::bytes) < 0
        || sys_page_alloc_run(0, reinterpret_cast<void*>(from),
                              static_cast<uint32_t>((to - from) / page_size),
                              PTE_P | PTE_U | PTE_W) < 0) {
        return false;
    }
    for (; count_ < count; count_++) {
        new (&connections_[count_]) Connection;
    }
    return true;
}

Connection* Places::find_free()
{
    for (size_t word = 0; word < max / word_bits; word++) {
        if (word * word_bits == count_ && !add_places()) {
            return nullptr;
        }
        if (taken_[word] != UINT32_MAX) {
            const auto bit = static_cast<size_t>(std::countr_one(taken_[word]));
            return &connections_[word * word_bits + bit];
        }
    }
    return nullptr;
}

void Places::take(const Connection& place)
{
    const size_t number = number_of(place);
    taken_[number / word_bits] |= uint32_t{1} << number % word_bits;
}

} // namespace http
