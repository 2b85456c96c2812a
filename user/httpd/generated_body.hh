// A body that is made up while it is sent: a directory's listing, or the state of the system.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace http {

class GeneratedBody {
public:
    GeneratedBody() = default;
    GeneratedBody(const GeneratedBody&) = delete;
    GeneratedBody& operator=(const GeneratedBody&) = delete;
    ~GeneratedBody() { close(); }

    // Starts the page that lists a directory. Returns 0, or an error of open.
    int start_listing(const char* directory);
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
    int directory_ = -1;
    uint32_t environment_ = 0;          // the next one's index
    bool first_ = true;                 // no environment has been written yet
};

} // namespace http
