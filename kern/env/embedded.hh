// Programs that are linked into the kernel: the servers and the first user program. The build
// writes the table (obj/kern/embedded.S).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

struct EmbeddedProgram {
    const char* name = nullptr;             // folder and name: "fs_fs", "net_ns", "user_hello"
    const uint8_t* begin = nullptr;         // its ELF file
    const uint8_t* end = nullptr;

    std::span<const uint8_t> file() const { return {begin, end}; }
};

extern "C" {
extern const EmbeddedProgram embedded_programs[];
extern const uint32_t embedded_program_count;
}
