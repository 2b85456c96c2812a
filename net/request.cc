#include "net/request.hh"

#include "inc/string.hh"
#include "net/platform.hh"

RequestTable requests;

SocketRequest* Request::shared_header() const
{
    return entry != nullptr ? &entry->request
                            : reinterpret_cast<SocketRequest*>(platform::request_window(index));
}

std::byte* Request::data() const
{
    return platform::request_window(index) + offset;
}

uint32_t Request::room() const
{
    const auto size = static_cast<uint32_t>(page_count * page_size);
    return offset < size ? size - offset : 0;
}

void RequestList::append(Request& request)
{
    request.list = this;
    request.next = nullptr;
    request.previous = last_;
    (last_ != nullptr ? last_->next : first_) = &request;
    last_ = &request;
}

void RequestList::remove(Request& request)
{
    (request.previous != nullptr ? request.previous->next : first_) = request.next;
    (request.next != nullptr ? request.next->previous : last_) = request.previous;
    request.next = request.previous = nullptr;
    request.list = nullptr;
}

void RequestTable::initialise()
{
    for (uint32_t i = count; i > 0; i--) {
        requests_[i - 1].index = i - 1;
        requests_[i - 1].next = free_;
        free_ = &requests_[i - 1];
    }
    landing_ = free_;
    free_ = free_->next;
    landing_->next = nullptr;
}

void RequestTable::note_message(uint32_t pages)
{
    uint32_t& mapped = mapped_[landing_->index];
    mapped = pages > mapped ? pages : mapped;
    windows_may_be_mapped_ |= pages > 0;
}

Request& RequestTable::begin(envid_t client, uint32_t code, uint32_t pages, bool writable)
{
    if (Request* earlier = parked_[env_index(client)]; earlier != nullptr) {
        forget(*earlier);
    }
    Request& request = *landing_;
    request.client = client;
    request.code = code;
    request.page_count = pages;
    request.writable = writable;
    request.socket = nullptr;
    request.done = 0;
    request.descriptor_slot = no_descriptor;
    request.has_deadline = false;
    request.header = {};
    if (pages > 0) {
        memcpy(&request.header, request.shared_header(), sizeof(SocketRequest));
    }
    return request;
}

void RequestTable::park(RequestList& list)
{
    Request& request = *landing_;
    list.append(request);
    parked_[env_index(request.client)] = &request;

    // There is one request more than environments, and each has one parked at most.
    landing_ = free_;
    free_ = free_->next;
    landing_->next = nullptr;
    parked_count_++;
}

void RequestTable::unpark(Request& request)
{
    parked_count_--;
    windows_may_be_mapped_ = true;
    request.list->remove(request);
    parked_[env_index(request.client)] = nullptr;
    request.next = free_;
    free_ = &request;
}

void RequestTable::forget(Request& request)
{
    unpark(request);
    platform::release_window(request.index, mapped_[request.index]);
    mapped_[request.index] = 0;
}

void RequestTable::answer(Request& request, int32_t value)
{
    if (request.entry != nullptr) {
        request.result = value;
        return;
    }
    const uint32_t slot = request.descriptor_slot;
    platform::answer(request.client, value,
                     slot != no_descriptor ? platform::descriptor_run(slot) : PageRun::none());
    if (request.list != nullptr) {
        unpark(request);
    }
}

void RequestTable::answer(Request& request, int32_t value, uint32_t descriptor_slot)
{
    request.descriptor_slot = descriptor_slot;
    answer(request, value);
}

// Ends with the last one that is parked: most clients are among the first environments.
void RequestTable::drop_dead_clients()
{
    uint32_t left = parked_count_;
    for (uint32_t i = 0; left > 0; i++) {
        if (Request* request = parked_[i]; request != nullptr) {
            left--;
            if (!platform::is_alive(request->client)) {
                forget(*request);
            }
        }
    }
}

void RequestTable::release_windows()
{
    if (!windows_may_be_mapped_) {
        return;
    }
    windows_may_be_mapped_ = false;
    const auto release = [this](const Request& request) {
        if (mapped_[request.index] > 0) {
            platform::release_window(request.index, mapped_[request.index]);
            mapped_[request.index] = 0;
        }
    };
    release(*landing_);
    for (const Request* request = free_; request != nullptr; request = request->next) {
        release(*request);
    }
}
