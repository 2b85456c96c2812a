// The places for connections. Their memory is taken some places at a time, when they are first
// needed, and kept: a server of few clients is small. Work for all connections looks at those that
// are in use and at no others.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "user/httpd/connection.hh"

namespace http {

class Places {
public:
    static constexpr size_t max = 512;
    static constexpr size_t step = 64;          // as many more at a time
    static constexpr uint32_t calls_each = 2;   // of a batch
    static constexpr size_t memory_bytes = max * sizeof(Connection);

    // `memory`: address of memory_bytes where nothing is mapped. `own_calls`: of the batch, beside
    // those of connections.
    Places(uintptr_t memory, SocketBatch& batch, uint32_t own_calls)
        : connections_(reinterpret_cast<Connection*>(memory)), batch_(batch), own_calls_(own_calls)
    {
    }

    // The lowest place that is free, of which `number_of` says which it is; null: all are taken,
    // and there is no memory for more.
    Connection* find_free();
    size_t number_of(const Connection& place) const
    {
        return static_cast<size_t>(&place - connections_);
    }
    // Its connection has been opened.
    void take(const Connection& place);

    // Calls visit(connection) for each that is in use. A place is free from then on that its
    // connection has left.
    template <typename Visit> void for_each(Visit visit)
    {
        for (size_t word = 0; word < count_ / word_bits; word++) {
            for (uint32_t left = taken_[word]; left != 0; left &= left - 1) {
                const auto bit = static_cast<size_t>(std::countr_zero(left));
                Connection& connection = connections_[word * word_bits + bit];
                if (connection.in_use()) {
                    visit(connection);
                }
                if (!connection.in_use()) {
                    taken_[word] &= ~(uint32_t{1} << bit);
                }
            }
        }
    }

private:
    static constexpr size_t word_bits = 32;
    static_assert(max % step == 0 && step % word_bits == 0);

    bool add_places();

    Connection* connections_;
    SocketBatch& batch_;
    uint32_t own_calls_;
    size_t count_ = 0;                          // places that have memory
    uint32_t taken_[max / word_bits] = {};      // a bit each
};

} // namespace http
