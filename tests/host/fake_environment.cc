#include "tests/host/fake_environment.hh"

#include <algorithm>
#include <list>
#include <map>
#include <stdexcept>

#include "kern/env/ipc.hh"
#include "kern/memory/user_memory.hh"

namespace {

struct Range {
    uintptr_t address = 0;
    fake::Access access{};
    std::vector<std::byte> bytes;
};

std::list<Range> ranges;
std::map<const Environment*, Env> entries;
EnvType type_of_all{};
std::map<envid_t, Environment*> registered;
bool server_runs = false;
fake::Wait noted_wait;

Range* range_of(uintptr_t address, size_t size)
{
    const auto found = std::ranges::find_if(ranges, [&](const Range& range) {
        return address >= range.address && address - range.address <= range.bytes.size()
            && size <= range.bytes.size() - (address - range.address);
    });
    return found == ranges.end() ? nullptr : &*found;
}

}  // namespace

void fake::reset_environments()
{
    ranges.clear();
    entries.clear();
    type_of_all = {};
    registered.clear();
    server_runs = false;
    noted_wait = {};
}

void fake::add(Environment& environment)
{
    Env& entry = entries[&environment];
    entry.env_type = type_of_all;
    environment.show_in(entry);
}
void fake::set_type(EnvType type)
{
    type_of_all = type;
    for (auto& [environment, entry] : entries) {
        entry.env_type = type;
    }
}
void fake::give_id(Environment& environment, envid_t id)
{
    environment.info().env_id = id;
    registered[id] = &environment;
}
void fake::forget_id(envid_t id) { registered.erase(id); }
void fake::set_network_server_running(bool running) { server_runs = running; }
fake::Wait fake::last_wait() { return noted_wait; }

void fake::map_user(uintptr_t address, size_t size, Access access)
{
    ranges.push_back({address, access, std::vector<std::byte>(size)});
}

std::span<std::byte> fake::user_memory(uintptr_t address, size_t size)
{
    Range* const range = range_of(address, size);
    if (range == nullptr) {
        throw std::out_of_range("the test's user memory");
    }
    return std::span(range->bytes).subspan(address - range->address, size);
}

// --- The kernel's functions that system calls use

bool network_server_running() { return server_runs; }
void WaitQueue::append(Environment& environment) { first_ = last_ = &environment; }
void Environment::wait_as_sender(Environment& receiver, const Sending&, uint32_t)
{
    receiver.senders.append(*this);
}
Environment* Environment::by_id(envid_t id)
{
    const auto found = registered.find(id);
    return found == registered.end() ? nullptr : found->second;
}
void ipc_fail(Environment& waiting, Error error)
{
    waiting.frame.tf_regs.reg_eax = static_cast<uint32_t>(to_abi(error));
    waiting.wait_kind = WaitKind::nothing;
}
void AddressSpace::clear() {}

Error Environment::wait_on(WaitQueue& queue, uint32_t timeout_ms)
{
    noted_wait = {&queue, timeout_ms};
    return blocked;
}

inline Result<void> UserBytes::check(bool to_write) const
{
    const Range* const range = range_of(address_, size_);
    if (range == nullptr || (to_write && range->access != fake::Access::write)) {
        return Error::fault;
    }
    return {};
}

Result<void> UserBytes::check_readable() const { return check(false); }
Result<void> UserBytes::check_writable() const { return check(true); }

volatile void* UserBytes::checked() const { return fake::user_memory(address_, size_).data(); }

// The ranges are not page frames: copies in frames stand for them.
Result<size_t> UserBytes::share(std::span<PagePiece> pieces) const
{
    TRY(check_readable());
    size_t count = 0;
    for (size_t done = 0; done < size_; done += pieces[count++].size) {
        PagePiece& piece = pieces[count];
        piece.page = TRY(PageFrame::allocate());
        piece.offset = (address_ + done) % page_size;
        piece.size = static_cast<uint32_t>(std::min(page_size - piece.offset, size_ - done));
        const auto from = fake::user_memory(address_ + done, piece.size);
        std::ranges::copy(from, piece.page.data() + piece.offset);
    }
    return count;
}

Result<void> UserBytes::copy_to(std::span<std::byte> kernel) const
{
    TRY(check_readable());
    std::ranges::copy(fake::user_memory(address_, kernel.size()), kernel.begin());
    return {};
}

Result<void> UserBytes::copy_from(std::span<const std::byte> kernel) const
{
    TRY(check_writable());
    std::ranges::copy(kernel, fake::user_memory(address_, kernel.size()).begin());
    return {};
}
