#include "net/batch.hh"

#include <utility>

#include "net/dispatch.hh"
#include "net/poll.hh"
#include "net/socket_table.hh"

static constexpr int32_t not_yet = to_abi(Error::try_again);

bool batch_is_valid(const Request& batch)
{
    return batch.writable && batch.header.argument[0] <= max_batch_entries
        && batch.header.argument[0] * sizeof(BatchEntry) <= batch.room();
}

static bool may_be_in_batch(uint32_t code)
{
    return code == NSREQ_RECV || code == NSREQ_SEND || code == NSREQ_ACCEPT || code == NSREQ_CLOSE
        || code == NSREQ_POLL;
}

// An entry as a request of its own; a copy, for the client may change the entry meanwhile.
static Request part_of(const Request& batch, BatchEntry& entry)
{
    Request part{.client = batch.client,
                 .code = entry.code,
                 .index = batch.index,
                 .page_count = batch.page_count,
                 .writable = true,
                 .header = entry.request,
                 .entry = &entry,
                 .offset = entry.offset};
    part.header.flags |= request_no_wait;
    return part;
}

// `room`: the bytes that entries may send and receive still.
static int32_t do_entry(Request& batch, Socket& socket, BatchEntry& entry, uint32_t& room)
{
    Request part = part_of(batch, entry);
    if (!may_be_in_batch(part.code)) {
        return to_abi(Error::not_supported);
    }
    if (part.header.size > room) {
        return to_abi(Error::invalid_argument);
    }
    room -= part.header.size;
    if (part.code == NSREQ_ACCEPT && batch.descriptor_slot != no_descriptor) {
        return not_yet;                             // an answer carries one descriptor page
    }
    dispatch_to(socket, part);
    if (part.descriptor_slot != no_descriptor) {
        batch.descriptor_slot = part.descriptor_slot;
    }
    return part.result;
}

// Whether the client has to hear of the entry now. A send that it does not await was to succeed
// at once: if it did not, the client may want to await it.
static bool ends_batch(const BatchEntry& entry, int32_t result)
{
    if (entry.awaited != 0) {
        return result != not_yet;
    }
    if (entry.code == NSREQ_SEND && (entry.request.flags & request_many) == 0) {
        return std::cmp_less(result, entry.request.size);
    }
    return result < 0 && result != not_yet;
}

std::optional<int32_t> batch_run(Request& batch, bool again, uint64_t mark)
{
    auto* const entries = reinterpret_cast<BatchEntry*>(batch.data());
    const uint64_t looked_at = std::exchange(batch.looked_at, poll_events());
    uint32_t room = 2 * batch.room();       // each byte once sent, once received into: a batch of
    int32_t done = 0;                       //   many entries is not a turn of hours
    bool ended = false;
    for (uint32_t i = 0; i < batch.header.argument[0]; i++) {
        BatchEntry& entry = entries[i];
        if (again && entry.result != not_yet) {
            done++;
            continue;
        }
        Socket* const socket = sockets.find(entry.request.socket, entry.request.ticket);
        if (again && socket != nullptr && socket->last_event <= looked_at) {
            continue;
        }
        const int32_t result = socket != nullptr ? do_entry(batch, *socket, entry, room)
                                                 : to_abi(Error::bad_descriptor);
        entry.result = result;
        if (result == not_yet) {
            socket->pollers |= mark;
        } else {
            done++;
        }
        // A descriptor's page is nobody's until the answer brings it.
        ended = ended || batch.descriptor_slot != no_descriptor || ends_batch(entry, result);
    }
    return ended ? std::optional(done) : std::nullopt;
}
