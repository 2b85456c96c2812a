// Parent and child send a number to and fro, one more each time, up to 10.
#include "lib/lib.hh"

void umain(int, char**)
{
    if (const envid_t child = fork(); child != 0) {
        cprintf("send 0 from %x to %x\n", static_cast<unsigned>(sys_getenvid()),
                static_cast<unsigned>(child));
        ipc_send(child, 0, nullptr, 0);
    }
    for (int32_t number = 0; number < 10;) {
        envid_t from = 0;
        number = ipc_recv(&from, nullptr, nullptr);
        cprintf("%x got %d from %x\n", static_cast<unsigned>(sys_getenvid()),
                static_cast<int>(number), static_cast<unsigned>(from));
        if (number < 10) {
            ipc_send(from, static_cast<uint32_t>(++number), nullptr, 0);
        }
    }
}
