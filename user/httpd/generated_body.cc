#include "user/httpd/generated_body.hh"

#include "inc/env.hh"
#include "lib/environments.hh"
#include "lib/ipc.hh"
#include "lib/network_status.hh"
#include "lib/socket.hh"
#include "lib/syscall.hh"
#include "user/httpd/listing.hh"
#include "user/httpd/status_json.hh"

namespace http {

Result<void> GeneratedBody::start_listing(const FilePath& directory, uintptr_t region)
{
    close();
    TRY(list_.read(directory.length == 0 ? "/" : directory.text, region));
    path_ = directory;
    kind_ = Kind::listing;
    return {};
}

void GeneratedBody::start_status()
{
    close();
    kind_ = Kind::status;
}

void GeneratedBody::close()
{
    list_.close();
    kind_ = Kind::none;
    stage_ = Stage::head;
    next_ = 0;
    first_ = true;
}

size_t GeneratedBody::next(std::span<char> buffer)
{
    if (stage_ == Stage::done || kind_ == Kind::none) {
        return 0;
    }
    return kind_ == Kind::listing ? next_of_listing(buffer) : next_of_status(buffer);
}

size_t GeneratedBody::next_of_listing(std::span<char> buffer)
{
    TextBuffer text(buffer);
    if (stage_ == Stage::head) {
        write_listing_head(text, path_.below_root());
        stage_ = Stage::entries;
        return text.size();
    }
    const std::span<const DirectoryEntry> files = list_.files();
    while (text.room() > largest_listing_entry) {
        if (next_ == files.size()) {
            write_listing_end(text, list_.is_cut_off());
            stage_ = Stage::done;
            break;
        }
        const DirectoryEntry& file = files[next_++];
        write_listing_entry(text, {file.name, file.is_directory != 0, file.size, file.mtime});
    }
    return text.size();
}

size_t GeneratedBody::next_of_status(std::span<char> buffer)
{
    TextBuffer text(buffer);
    if (stage_ == Stage::head) {
        SystemState state;
        NetworkStatus network;
        InterfaceInfo interface;
        sys_memory_info(&state.memory);
        state.network = network_status(&network) == 0 ? &network : nullptr;
        state.interface = interface_info(&interface) == 0 ? &interface : nullptr;
        state.time_us = sys_time_usec();
        write_status_head(text, state);
        stage_ = Stage::entries;
        return text.size();
    }
    while (text.room() > largest_status_entry) {
        if (next_ == max_envs) {
            write_status_end(text);
            stage_ = Stage::done;
            break;
        }
        const Env entry = copy_environment(envs[next_++]);
        if (entry.env_status != EnvStatus::free) {
            write_status_entry(text, entry, first_);
            first_ = false;
        }
    }
    return text.size();
}

} // namespace http
