// Parent and child send each other a page with a text in it.
#include "lib/lib.hh"

static constexpr const char* to_child = "hello child environment! how are you?";
static constexpr const char* to_parent = "hello parent environment! I'm good.";
static char* const own_page = reinterpret_cast<char*>(0xA00000);
static char* const received_page = reinterpret_cast<char*>(0xB00000);

static void send_text(envid_t to, const char* text)
{
    memcpy(own_page, text, strlen(text) + 1);
    ipc_send(to, 0, own_page, PTE_P | PTE_U | PTE_W);
}

// Receives a page, and says whether it holds `expected`. Returns the sender.
static envid_t receive_text(const char* who, const char* expected)
{
    envid_t from = 0;
    ipc_recv(&from, received_page, nullptr);
    cprintf("%x got message: %s\n", static_cast<unsigned>(sys_getenvid()), received_page);
    if (strncmp(received_page, expected, strlen(expected)) == 0) {
        cprintf("%s received correct message\n", who);
    }
    return from;
}

void umain(int, char**)
{
    const envid_t child = fork();
    if (const int result = sys_page_alloc(0, own_page, PTE_P | PTE_U | PTE_W); result < 0) {
        panic("sys_page_alloc: %s", error_text(result));
    }
    if (child == 0) {
        const envid_t parent = receive_text("child", to_child);
        send_text(parent, to_parent);
    } else {
        send_text(child, to_child);
        receive_text("parent", to_parent);
    }
}
