// Asks the name server for hosts' addresses: `nslookup NAME...`.
#include "lib/lib.hh"

void umain(int argc, char** argv)
{
    if (argc < 2) {
        fprintf(2, "usage: nslookup NAME...\n");
        exit(2);
    }
    int status = 0;
    for (int i = 1; i < argc; i++) {
        in_addr address;
        if (const int result = resolve(argv[i], &address); result < 0) {
            fprintf(2, "nslookup: %s: %s\n", argv[i],
                    result == to_abi(Error::not_found) ? "no such host" : error_text(result));
            status = 1;
        } else {
            printf("%s has address %s\n", argv[i], inet_ntoa(address));
        }
    }
    exit(status);
}
