// Asks the name server for hosts' addresses, of IPv4 and of IPv6: `nslookup NAME...`.
#include "lib/lib.hh"

static int look_up(const char* name, int family, const char* what)
{
    Endpoint host;
    const int result = resolve(name, family, &host);
    if (result == 0) {
        printf("%s has %s %s\n", name, what, host.text());
    }
    return result;
}

// A host has addresses of one kind, the other, or both.
static bool look_up_both(const char* name)
{
    const int ip4 = look_up(name, AF_INET, "address");
    const int ip6 = look_up(name, AF_INET6, "IPv6 address");
    if (ip4 == 0 || ip6 == 0) {
        return true;
    }
    const bool unknown = ip4 == to_abi(Error::not_found);
    fprintf(2, "nslookup: %s: %s\n", name, unknown ? "no such host" : error_text(ip4));
    return false;
}

void umain(int argc, char** argv)
{
    if (argc < 2) {
        fprintf(2, "usage: nslookup NAME...\n");
        exit(2);
    }
    int status = 0;
    for (int i = 1; i < argc; i++) {
        if (!look_up_both(argv[i])) {
            status = 1;
        }
    }
    exit(status);
}
