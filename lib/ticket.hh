// Numbers that nobody can guess: the tickets that servers hand out with descriptors. SipHash-2-4
// (Aumasson and Bernstein, 2012) of a counter, under a key from the time-stamp counter as it
// stands at start-up and at events whose time nobody controls to the cycle.
#pragma once
#include <bit>
#include <cstdint>

class TicketSource {
public:
    // Mixes the time-stamp counter into the key; called at start-up and at device events.
    void stir()
    {
        uint32_t low, high;
        asm volatile("rdtsc" : "=a"(low), "=d"(high));
        const uint64_t now = (uint64_t{high} << 32) | low;
        const uint64_t mixed = hash(now ^ 0x9E3779B97F4A7C15);
        key_[1] = hash(key_[0] + now);
        key_[0] ^= mixed;
    }

    uint64_t next()
    {
        if (counter_ % 64 == 0) {
            stir();
        }
        return hash(++counter_);
    }

private:
    // SipHash-2-4 of one 64-bit word.
    uint64_t hash(uint64_t word) const
    {
        uint64_t v[4] = {key_[0] ^ 0x736F6D6570736575, key_[1] ^ 0x646F72616E646F6D,
                         key_[0] ^ 0x6C7967656E657261, key_[1] ^ 0x7465646279746573};
        const uint64_t words[2] = {word, uint64_t{8} << 56};
        for (const uint64_t input : words) {
            v[3] ^= input;
            round(v);
            round(v);
            v[0] ^= input;
        }
        v[2] ^= 0xFF;
        for (int i = 0; i < 4; i++) {
            round(v);
        }
        return v[0] ^ v[1] ^ v[2] ^ v[3];
    }

    static void round(uint64_t (&v)[4])
    {
        v[0] += v[1];
        v[1] = std::rotl(v[1], 13) ^ v[0];
        v[0] = std::rotl(v[0], 32);
        v[2] += v[3];
        v[3] = std::rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = std::rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = std::rotl(v[1], 17) ^ v[2];
        v[2] = std::rotl(v[2], 32);
    }

    uint64_t key_[2] = {0x243F6A8885A308D3, 0x13198A2E03707344};
    uint64_t counter_ = 0;
};
