#include "fs/open_files.hh"

#include <algorithm>

#include "fs/descriptor.hh"
#include "inc/mmu.h"
#include "lib/syscall.hh"

namespace fs {
namespace {

constexpr uintptr_t descriptor_pages = 0xD4000000;
constexpr uint32_t slots_per_request = 64;

}  // namespace

uintptr_t OpenFiles::descriptor_page(uint32_t number) const
{
    return descriptor_pages + uintptr_t{number} * page_size;
}

uint32_t OpenFiles::find_free() const
{
    uint32_t number = 0;
    while (number < max_open_files && files_open_[number].file != nullptr) {
        number++;
    }
    return number;
}

bool OpenFiles::has_room(envid_t opener) const
{
    const auto own = std::ranges::count_if(files_open_, [opener](const OpenFile& open) {
        return open.file != nullptr && open.opener == opener;
    });
    return count_ < max_open_files && static_cast<uint32_t>(own) < max_open_by_one;
}

Result<void> OpenFiles::require_free(envid_t opener)
{
    if (!has_room(opener)) {
        close_unused(true);
    }
    if (!has_room(opener)) {
        return Error::max_open;
    }
    return {};
}

OpenNode* OpenFiles::find_node(const Node& node)
{
    for (OpenNode& open : nodes_) {
        if (open.opens > 0 && open.node.linked && open.node.place == node.place) {
            return &open;
        }
    }
    return nullptr;
}

// There are as many nodes as open files, so one is free when a file is.
OpenNode* OpenFiles::attach(const Node& node)
{
    OpenNode* open = find_node(node);
    for (uint32_t i = 0; open == nullptr; i++) {
        if (nodes_[i].opens == 0) {
            open = &nodes_[i];
            open->node = node;
        }
    }
    open->opens++;
    return open;
}

Result<uint32_t> OpenFiles::open(const Node& node, uint32_t mode, envid_t opener)
{
    TRY(require_free(opener));
    const uint32_t number = find_free();
    void* page = reinterpret_cast<void*>(descriptor_page(number));
    if (sys_page_alloc(0, page, PTE_P | PTE_U | PTE_W) < 0) {
        return Error::no_memory;
    }
    OpenFile& open = files_open_[number];
    open = {attach(node), tickets_.next(), mode, opener};
    count_++;

    auto* descriptor = static_cast<FileDescriptor*>(page);
    *descriptor = {};
    descriptor->fd.fd_dev_id = file_device_id;
    descriptor->fd.fd_omode = mode;
    descriptor->fd.fd_object = number;
    descriptor->fd.fd_ticket = open.ticket;
    return number;
}

void OpenFiles::note_change_at(uint32_t number)
{
    reinterpret_cast<FileDescriptor*>(descriptor_page(number))->changes++;
}

void OpenFiles::note_change(const OpenNode& file)
{
    uint32_t left = file.opens;
    for (uint32_t number = 0; left > 0 && number < max_open_files; number++) {
        if (files_open_[number].file == &file) {
            note_change_at(number);
            left--;
        }
    }
}

void OpenFiles::note_change_of_all()
{
    for (uint32_t number = 0; number < max_open_files; number++) {
        if (files_open_[number].file != nullptr) {
            note_change_at(number);
        }
    }
}

bool OpenFiles::is_unused(uint32_t number) const
{
    return files_open_[number].file != nullptr && page_references(descriptor_page(number)) == 1;
}

Result<OpenFile*> OpenFiles::find(uint32_t number, uint64_t ticket)
{
    if (number < max_open_files && is_unused(number)) {
        close(number);                  // the ticket outlived the descriptor
    }
    if (number >= max_open_files || files_open_[number].file == nullptr
        || files_open_[number].ticket != ticket) {
        return Error::bad_descriptor;
    }
    return &files_open_[number];
}

// Closes the file; if it was removed meanwhile and this was its last use, its blocks are free. An
// error there leaves blocks marked as used that no file has: lost, but safe.
void OpenFiles::close(uint32_t number)
{
    OpenFile& open = files_open_[number];
    OpenNode& file = *open.file;
    file.opens--;
    if (file.opens == 0 && !file.node.linked) {
        static_cast<void>(files_.release(file.node));
    }
    open = {};
    count_--;
    sys_page_unmap(0, reinterpret_cast<void*>(descriptor_page(number)));
}

void OpenFiles::close_unused(bool all)
{
    const uint32_t steps = all ? max_open_files : slots_per_request;
    for (uint32_t step = 0; step < steps; step++) {
        const uint32_t number = hand_;
        hand_ = (hand_ + 1) % max_open_files;
        if (is_unused(number)) {
            close(number);
        }
    }
}

}  // namespace fs
