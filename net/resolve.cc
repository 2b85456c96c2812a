#include "net/resolve.hh"

#include "inc/string.hh"
#include "lwip/dns.h"
#include "net/errors.hh"
#include "net/interface.hh"

// Each lookup has a number, which its parked request and lwIP hold: the request may be gone when
// the answer comes.
static RequestList lookups;
static uint32_t last_lookup;

// Whether `name` is labels of 1 to 63 visible characters with dots between: lwIP takes any bytes.
static bool is_host_name(const char* name, size_t size)
{
    size_t label = 0;
    for (size_t i = 0; i < size; i++) {
        if (name[i] <= ' ' || name[i] > '~') {
            return false;
        }
        label = name[i] == '.' ? 0 : label + 1;
        if (label > 63 || (label == 0 && (i == 0 || name[i - 1] == '.'))) {
            return false;
        }
    }
    return label > 0;
}

static void answer_address(Request& request, const ip_addr_t& address)
{
    if (!request.writable) {
        return requests.answer(request, Error::fault);
    }
    request.shared_header()->address = from_lwip(address, 0);
    requests.answer(request, 0);
}

// lwIP says only that there is no address. When it is a timer that says so, nobody answered.
static void on_found(const char*, const ip_addr_t* address, void* lookup)
{
    for (Request* request = lookups.first(); request != nullptr; request = request->next) {
        if (request->done != static_cast<uint32_t>(reinterpret_cast<uintptr_t>(lookup))) {
            continue;
        }
        if (address != nullptr) {
            return answer_address(*request, *address);
        }
        return requests.answer(*request, interface_in_timers() ? Error::timed_out
                                                               : Error::not_found);
    }
}

static u8_t records_of(uint32_t family)
{
    switch (family) {
    case family_ipv4: return LWIP_DNS_ADDRTYPE_IPV4;
    case family_ipv6: return LWIP_DNS_ADDRTYPE_IPV6;
    default: return LWIP_DNS_ADDRTYPE_IPV4_IPV6;
    }
}

void resolve_request(Request& request)
{
    char name[max_name_bytes + 1] = {};
    const uint32_t size = request.header.size;
    if (size > max_name_bytes || size > request.room()) {
        return requests.answer(request, Error::invalid_argument);
    }
    memcpy(name, request.data(), size);
    if (!is_host_name(name, size)) {
        return requests.answer(request, Error::invalid_argument);
    }
    const uint32_t family = request.header.argument[0];
    if (strcmp(name, "localhost") == 0) {
        NetAddress any;
        any.is_ipv6 = family == family_ipv6 ? 1 : 0;
        return answer_address(request, to_lwip(own_if_any(any)));
    }
    const uint32_t lookup = ++last_lookup;
    ip_addr_t address{};
    const err_t result = dns_gethostbyname_addrtype(
        name, &address, on_found, reinterpret_cast<void*>(uintptr_t{lookup}), records_of(family));
    switch (result) {
    case ERR_OK: return answer_address(request, address);
    case ERR_INPROGRESS: break;
    case ERR_VAL: return requests.answer(request, Error::no_device);    // no name server is set
    default: return requests.answer(request, Error::try_again);         // too many at once
    }
    request.done = lookup;
    requests.park(lookups);
}
