// An environment for unit tests of system calls: user memory is a few ranges that the test lays
// out, and waiting is only noted.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kern/env/environment.hh"

namespace fake {

void reset_environments();
void add(Environment& environment);                 // before anything else
void set_type(EnvType type);                        // of all environments
void give_id(Environment& environment, envid_t id); // that Environment::by_id finds it by
void forget_id(envid_t id);
void set_network_server_running(bool running);

// User memory of `size` bytes at `address`; nothing else is mapped.
enum class Access { read, write };
void map_user(uintptr_t address, size_t size, Access access = Access::write);
std::span<std::byte> user_memory(uintptr_t address, size_t size);

// The last wait_on: its queue, null if there was none, and its timeout.
struct Wait {
    const WaitQueue* queue = nullptr;
    uint32_t timeout_ms = 0;
};
Wait last_wait();

}  // namespace fake
