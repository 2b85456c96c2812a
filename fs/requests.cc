#include "fs/requests.hh"

#include <algorithm>
#include <array>

namespace fs {
namespace {

constexpr uint32_t read_ahead_blocks = 32;

// What programs see of a hole.
alignas(PGSIZE) constinit const std::array<std::byte, page_size> zero_page{};

// A copy of a path in a request, that its sender cannot change while we look at it.
class PathText {
public:
    // Copies the text at data[at] with its zero: bad_path if it is too long.
    Result<std::string_view> copy_from(const volatile Request& page, size_t at)
    {
        for (size_t length = 0; length < text_.size() && at + length < sizeof page.data; length++) {
            text_[length] = page.data[at + length];
            if (text_[length] == '\0') {
                return std::string_view(text_.data(), length);
            }
        }
        return Error::bad_path;
    }

private:
    std::array<char, Path::max_bytes + 1> text_{};
};

template <typename T> void put_result(volatile Request& page, const T& result)
{
    static_assert(sizeof result <= sizeof page.data);
    const auto* from = reinterpret_cast<const char*>(&result);
    std::copy_n(from, sizeof result, page.data);
}

std::span<std::byte> data_of(volatile Request& page, size_t size)
{
    return {reinterpret_cast<std::byte*>(const_cast<char*>(page.data)), size};
}

}  // namespace

Answer Requests::handle(const IpcMessage& message)
{
    open_files_.close_unused(false);
    Call call;
    call.from = message.from;
    call.pages = message.pages.count();
    if (call.pages > 0 && message.pages.writable()) {
        call.page = reinterpret_cast<volatile Request*>(request_window);
        call.ticket = call.page->ticket;
        call.offset = call.page->offset;
        call.file = call.page->file;
        call.mode = call.page->mode;
        call.length = call.page->length;
    } else if (message.value != FSREQ_SYNC) {
        return {to_abi(Error::invalid_argument), {}};
    }
    const auto answer = dispatch(message.value, call);
    return answer ? *answer : Answer{to_abi(answer.error()), {}};
}

Result<Answer> Requests::dispatch(uint32_t operation, const Call& call)
{
    switch (operation) {
    case FSREQ_OPEN: return open(call);
    case FSREQ_SET_SIZE: return set_size(call);
    case FSREQ_READ: return read(call);
    case FSREQ_WRITE: return write(call);
    case FSREQ_STAT: return status(call);
    case FSREQ_FLUSH: TRY(open_files_.find(call.file, call.ticket)); return flush();
    case FSREQ_REMOVE: return remove(call);
    case FSREQ_SYNC: return flush();
    case FSREQ_MAP: return map(call);
    case FSREQ_RENAME: return rename(call);
    case FSREQ_INFO: return info(call);
    default: return Error::not_supported;
    }
}

// Opening

Result<Node> Requests::find_or_create(std::string_view path, uint32_t mode)
{
    const bool make_directory = (mode & O_MKDIR) != 0;
    const auto found = files_.lookup(path);
    if (found || found.error() != Error::not_found || (mode & (O_CREAT | O_MKDIR)) == 0) {
        if (found && ((mode & O_CREAT) != 0 && (mode & O_EXCL) != 0)) {
            return Error::exists;
        }
        return found;
    }
    return files_.create(path, make_directory ? FileType::directory : FileType::regular);
}

Result<Answer> Requests::open(const Call& call)
{
    constexpr uint32_t known =
        O_ACCMODE | O_CREAT | O_TRUNC | O_EXCL | O_MKDIR | O_NONBLOCK | O_APPEND;
    const uint32_t access = call.mode & O_ACCMODE;
    if ((call.mode & ~known) != 0 || access == O_ACCMODE) {
        return Error::invalid_argument;
    }
    PathText text;
    const std::string_view path = TRY(text.copy_from(*call.page, 0));
    TRY(open_files_.require_free(call.from));   // before anything is made
    if ((call.mode & (O_CREAT | O_TRUNC | O_MKDIR)) != 0) {
        TRY(files_.prepare_change());
    }

    Node node = TRY(find_or_create(path, call.mode));
    const FileRecord record = TRY(files_.record(node));
    const bool is_directory = record.is_directory();
    if (is_directory && (access != O_RDONLY || (call.mode & O_TRUNC) != 0)) {
        return Error::is_directory;
    }
    if (!is_directory && (call.mode & O_MKDIR) != 0) {
        return Error::exists;
    }
    if ((call.mode & O_TRUNC) != 0 && access != O_RDONLY) {
        if (const OpenNode* open = open_files_.find_node(node); open != nullptr) {
            open_files_.note_change(*open);
        }
        TRY(files_.set_size(node, 0));
    }
    const uint32_t number = TRY(open_files_.open(node, call.mode, call.from));
    return Answer{0, PageRun::at(open_files_.descriptor_page(number), 1)};
}

// Reading

// Brings in what probably comes next, when the block at `offset` is not there yet.
Result<void> Requests::read_ahead(const FileRecord& record, uint64_t offset)
{
    const uint32_t index = static_cast<uint32_t>(offset / block_size);
    const Extent first = TRY(files_.extent_at(record, index, 1));
    if (first.first != 0 && !cache_.is_resident(first.first)) {
        const Extent extent = TRY(files_.extent_at(record, index, read_ahead_blocks));
        cache_.prefetch(extent.first, extent.count);
    }
    return {};
}

Result<Answer> Requests::read(const Call& call)
{
    OpenFile& open = *TRY(open_files_.find(call.file, call.ticket));
    if (!open.is_readable()) {
        return Error::not_permitted;
    }
    const Node& node = open.file->node;
    const FileRecord record = TRY(files_.record(node));
    if (call.offset >= record.size) {
        return Answer{};
    }
    TRY(read_ahead(record, call.offset));
    const size_t size = std::min<size_t>(call.length, sizeof call.page->data);
    const size_t moved = TRY(files_.read(node, call.offset, data_of(*call.page, size)));
    return Answer{static_cast<int32_t>(moved), {}};
}

Result<Answer> Requests::map(const Call& call)
{
    OpenFile& open = *TRY(open_files_.find(call.file, call.ticket));
    if (!open.is_readable()) {
        return Error::not_permitted;
    }
    if (call.offset % page_size != 0 || call.length == 0) {
        return Error::invalid_argument;
    }
    const FileRecord record = TRY(files_.record(open.file->node));
    if (call.offset >= record.size) {
        return Answer{};
    }
    const uint64_t left = record.size - call.offset;
    const uint32_t index = static_cast<uint32_t>(call.offset / page_size);
    const uint32_t limit = std::min({call.length, record.blocks() - index, max_map_pages,
                                     BlockCache::max_run, cache_.capacity() / 4});
    Extent extent = TRY(files_.extent_at(record, index, limit));
    const void* pages = zero_page.data();
    if (extent.first == 0) {
        extent.count = 1;
    } else {
        TRY(cache_.load(extent.first, extent.count));
        pages = memory_.address(extent.first);
    }
    const uint64_t shown = std::min<uint64_t>(left, uint64_t{extent.count} * page_size);
    return Answer{static_cast<int32_t>(shown),
                  PageRun::at(address_of(pages), extent.count, false)};
}

Result<Answer> Requests::status(const Call& call)
{
    const OpenFile& open = *TRY(open_files_.find(call.file, call.ticket));
    const FileRecord record = TRY(files_.record(open.file->node));
    FileStatus status;
    std::ranges::copy(record.name, status.name);
    status.size = record.size;
    status.modified = record.modified;
    status.is_directory = record.is_directory() ? 1 : 0;
    status.blocks = record.blocks();
    put_result(*call.page, status);
    return Answer{};
}

Result<Answer> Requests::info(const Call& call)
{
    put_result(*call.page,
               SystemStatus{files_.block_count(), files_.free_blocks(), cache_.resident_blocks(),
                            cache_.changed_blocks(), open_files_.count(), files_.now()});
    return Answer{};
}

// Writing

Result<Answer> Requests::write(const Call& call)
{
    OpenFile& open = *TRY(open_files_.find(call.file, call.ticket));
    if (!open.is_writable()) {
        return Error::not_permitted;
    }
    if (call.length > call.pages * page_size - offsetof(Request, data)) {
        return Error::invalid_argument;
    }
    TRY(files_.prepare_change());
    Node& node = open.file->node;
    uint64_t offset = call.offset;
    if ((open.mode & O_APPEND) != 0) {
        offset = TRY(files_.record(node)).size;
    }
    open_files_.note_change(*open.file);
    const size_t moved = TRY(files_.write(node, offset, data_of(*call.page, call.length)));
    call.page->offset = offset + moved;
    return Answer{static_cast<int32_t>(moved), {}};
}

Result<Answer> Requests::set_size(const Call& call)
{
    OpenFile& open = *TRY(open_files_.find(call.file, call.ticket));
    if (!open.is_writable()) {
        return Error::not_permitted;
    }
    TRY(files_.prepare_change());
    open_files_.note_change(*open.file);
    TRY(files_.set_size(open.file->node, call.offset));
    return Answer{};
}

Result<Answer> Requests::remove(const Call& call)
{
    PathText text;
    open_files_.close_unused(true);             // so that the blocks are free at once if they can
    TRY(files_.prepare_change());
    Node node = TRY(files_.lookup(TRY(text.copy_from(*call.page, 0))));
    if (call.mode == remove_directory && !TRY(files_.record(node)).is_directory()) {
        return Error::not_directory;
    }
    if (OpenNode* open = open_files_.find_node(node); open != nullptr) {
        open_files_.note_change(*open);
        TRY(files_.unlink(open->node));         // its blocks go with its last use
    } else {
        TRY(files_.unlink(node));
        TRY(files_.release(node));
    }
    return Answer{};
}

Result<Answer> Requests::rename(const Call& call)
{
    PathText from_text;
    PathText to_text;
    const std::string_view from = TRY(from_text.copy_from(*call.page, 0));
    const std::string_view to = TRY(to_text.copy_from(*call.page, from.size() + 1));
    open_files_.close_unused(true);             // as for remove
    TRY(files_.prepare_change());
    Node node = TRY(files_.lookup(from));
    Node replaced = files_.lookup(to).value_or(Node{});
    OpenNode* open = open_files_.find_node(node);
    OpenNode* open_replaced = open_files_.find_node(replaced);
    if (TRY(files_.record(node)).is_directory()) {
        open_files_.note_change_of_all();       // the files in it have other paths from now on
    }
    for (OpenNode* changed : {open, open_replaced}) {
        if (changed != nullptr) {
            open_files_.note_change(*changed);
        }
    }
    TRY(files_.rename(open != nullptr ? open->node : node, to,
                      open_replaced != nullptr ? open_replaced->node : replaced));
    if (!replaced.linked) {
        TRY(files_.release(replaced));
    }
    return Answer{};
}

Result<Answer> Requests::flush()
{
    TRY(cache_.flush());
    return Answer{};
}

}  // namespace fs
