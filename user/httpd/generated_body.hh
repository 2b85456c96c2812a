// A body that is made up while it is sent: a directory's listing, or the state of the system.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "inc/result.hh"
#include "user/httpd/directory_list.hh"
#include "user/httpd/path.hh"

namespace http {

class GeneratedBody {
public:
    GeneratedBody() = default;
    GeneratedBody(const GeneratedBody&) = delete;
    GeneratedBody& operator=(const GeneratedBody&) = delete;

    // Starts the page that lists a directory, in DirectoryList's `region`, with its errors.
    Result<void> start_listing(const FilePath& directory, uintptr_t region);
    // Starts the JSON text that /status asks for.
    void start_status();
    void close();

    bool is_active() const { return kind_ != Kind::none; }

    // The next piece, in a buffer of at least smallest_buffer bytes; returns its length, 0 at the
    // end.
    static constexpr size_t smallest_buffer = 4096;
    size_t next(std::span<char> buffer);

private:
    enum class Kind { none, listing, status };
    enum class Stage { head, entries, done };

    size_t next_of_listing(std::span<char> buffer);
    size_t next_of_status(std::span<char> buffer);

    Kind kind_ = Kind::none;
    Stage stage_ = Stage::head;
    FilePath path_{};                   // of the directory
    DirectoryList list_{};
    size_t next_ = 0;                   // index of the file or environment that comes next
    bool first_ = true;                 // no environment has been written yet
};

} // namespace http
