// The files that programs have open. Each open gets a descriptor page, which the program and its
// children share with us, and a ticket that requests must show. When ours is the page's only
// mapping nobody can use the descriptor any more, and it is closed.
#pragma once
#include <array>
#include <cstdint>

#include "fs/file_system.hh"
#include "inc/env.hh"
#include "inc/result.hh"
#include "lib/fd.hh"
#include "lib/ticket.hh"

namespace fs {

inline constexpr uint32_t max_open_files = 1024;
inline constexpr uint32_t max_open_by_one = max_open_files / 2;     // program: others need some

// A file that is open somewhere, once however often it is.
struct OpenNode {
    Node node;
    uint32_t opens = 0;                 // 0: free
};

struct OpenFile {
    OpenNode* file = nullptr;           // null: free
    uint64_t ticket = 0;
    uint32_t mode = 0;                  // O_*
    envid_t opener = 0;

    bool is_readable() const { return (mode & O_ACCMODE) != O_WRONLY; }
    bool is_writable() const { return (mode & O_ACCMODE) != O_RDONLY; }
};

class OpenFiles {
public:
    constexpr explicit OpenFiles(FileSystem& files) : files_(files) {}

    // Makes sure that `opener` can open one more file: max_open, also if it has opened its share.
    Result<void> require_free(envid_t opener);

    // Opens: returns the number, whose descriptor page is filled in. no_memory, max_open.
    Result<uint32_t> open(const Node& node, uint32_t mode, envid_t opener);

    // The open file that a request means: bad_descriptor.
    Result<OpenFile*> find(uint32_t number, uint64_t ticket);

    // Notes in the descriptor pages of an open file, or of all, that it has changed.
    void note_change(const OpenNode& file);
    void note_change_of_all();

    // The node that stands for the file wherever it is open; null if it is open nowhere.
    OpenNode* find_node(const Node& node);

    // Looks at some of the open files, or all, and closes those that nobody holds.
    void close_unused(bool all);

    uintptr_t descriptor_page(uint32_t number) const;
    uint32_t count() const { return count_; }
    void stir() { tickets_.stir(); }

private:
    uint32_t find_free() const;
    bool has_room(envid_t opener) const;
    bool is_unused(uint32_t number) const;
    OpenNode* attach(const Node& node);
    void close(uint32_t number);
    void note_change_at(uint32_t number);

    FileSystem& files_;
    TicketSource tickets_;
    uint32_t count_ = 0;
    uint32_t hand_ = 0;                 // where close_unused goes on
    std::array<OpenFile, max_open_files> files_open_{};
    std::array<OpenNode, max_open_files> nodes_{};
};

}  // namespace fs
