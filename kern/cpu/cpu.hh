// What each CPU has of its own.
#pragma once
#include <array>
#include <cstdint>

#include "kern/cpu/segments.hh"

class Environment;

struct Cpu {
    uint8_t id = 0;
    Environment* current = nullptr;     // the environment it runs
    TaskState task_state{};
};

inline constexpr unsigned max_cpus = 8;
extern std::array<Cpu, max_cpus> cpus;

inline Cpu& this_cpu() { return cpus[0]; }
