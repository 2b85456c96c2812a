// poll: one request to the network server about all sockets among the descriptors.
#include "inc/string.hh"
#include "lib/socket.hh"
#include "lib/socket_request.hh"

namespace {

PollEntry* shared_entries() { return reinterpret_cast<PollEntry*>(shared_bytes()); }

// What is known of a descriptor without asking the server: bits for revents, or 0 and the
// socket's descriptor in *fd.
int16_t known_events(const pollfd& entry, Fd** fd)
{
    if (fd_lookup(entry.fd, fd) < 0) {
        return POLLNVAL;
    }
    return (*fd)->fd_dev_id == socket_device.id
        ? int16_t{0} : static_cast<int16_t>(entry.events & (POLLIN | POLLOUT));
}

// Fills in what is known already; collects the sockets for the server. Returns how many of these.
uint32_t collect(pollfd* entries, uint32_t count, int* ready)
{
    uint32_t asked = 0;
    for (uint32_t i = 0; i < count; i++) {
        entries[i].revents = 0;
        Fd* fd = nullptr;
        if (entries[i].fd < 0) {
            continue;
        }
        entries[i].revents = known_events(entries[i], &fd);
        if (entries[i].revents != 0) {
            ++*ready;
        } else if (fd->fd_dev_id == socket_device.id) {
            shared_entries()[asked++] = {fd->fd_object, entries[i].events, 0, fd->fd_ticket};
        }
    }
    return asked;
}

// Hands the server's findings out to the entries that collect() left open, in the same order.
void distribute(pollfd* entries, uint32_t count)
{
    const PollEntry* answer = shared_entries();
    for (uint32_t i = 0; i < count; i++) {
        Fd* fd = nullptr;
        if (entries[i].fd >= 0 && entries[i].revents == 0 && fd_lookup(entries[i].fd, &fd) == 0
            && fd->fd_dev_id == socket_device.id) {
            entries[i].revents = answer->returned;
            answer++;
        }
    }
}

} // namespace

int poll(pollfd* entries, uint32_t count, int timeout_ms)
{
    if (count > max_poll_entries) {
        return to_abi(Error::invalid_argument);
    }
    if (const int result = have_request_pages(); result < 0) {
        return result;
    }
    int ready = 0;
    SocketRequest request;
    request.argument[0] = collect(entries, count, &ready);
    request.argument[1] = timeout_ms < 0 ? wait_forever : static_cast<uint32_t>(timeout_ms);
    if (ready > 0) {
        request.argument[1] = 0;
    }
    if (request.argument[0] == 0 && (ready > 0 || timeout_ms == 0)) {
        return ready;
    }
    const int found = call_network(NSREQ_POLL, request, request.argument[0] * sizeof(PollEntry));
    if (found < 0) {
        return found;
    }
    distribute(entries, count);
    return ready + found;
}
