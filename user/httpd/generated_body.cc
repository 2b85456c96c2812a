#include "user/httpd/generated_body.hh"

#include "inc/env.hh"
#include "inc/error.hh"
#include "lib/environments.hh"
#include "lib/file.hh"
#include "lib/ipc.hh"
#include "lib/socket.hh"
#include "lib/syscall.hh"
#include "user/httpd/listing.hh"
#include "user/httpd/status_json.hh"

namespace http {

int GeneratedBody::start_listing(const char* directory)
{
    close();
    const int result = ::open(directory, O_RDONLY);
    if (result < 0) {
        return result;
    }
    directory_ = result;
    Stat status;
    const int stated = fstat(directory_, &status);
    if (stated < 0 || status.st_isdir == 0) {
        close();
        return stated < 0 ? stated : to_abi(Error::not_directory);
    }
    kind_ = Kind::listing;
    return 0;
}

void GeneratedBody::start_status()
{
    close();
    kind_ = Kind::status;
}

void GeneratedBody::close()
{
    if (directory_ >= 0) {
        ::close(directory_);
    }
    directory_ = -1;
    kind_ = Kind::none;
    stage_ = Stage::head;
    environment_ = 0;
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
        write_listing_head(text);
        stage_ = Stage::entries;
    }
    while (text.room() > largest_listing_entry) {
        DirectoryEntry entry;
        if (readdir(directory_, &entry) <= 0) {
            write_listing_end(text);
            stage_ = Stage::done;
            break;
        }
        write_listing_entry(text, {entry.name, entry.is_directory != 0, entry.size, entry.mtime});
    }
    return text.size();
}

size_t GeneratedBody::next_of_status(std::span<char> buffer)
{
    TextBuffer text(buffer);
    if (stage_ == Stage::head) {
        MemoryInfo memory;
        sys_memory_info(&memory);
        NetworkStatus network;
        const bool known = network_status(&network) == 0;
        write_status_head(text, sys_time_usec(), memory, known ? &network : nullptr);
        stage_ = Stage::entries;
        return text.size();
    }
    while (text.room() > largest_status_entry) {
        if (environment_ == max_envs) {
            write_status_end(text);
            stage_ = Stage::done;
            break;
        }
        const Env entry = copy_environment(envs[environment_++]);
        if (entry.env_status != EnvStatus::free) {
            write_status_entry(text, entry, first_);
            first_ = false;
        }
    }
    return text.size();
}

} // namespace http
