// The first program: gives the console to descriptors 0 to 2, starts the servers of the network
// that /etc/servers lists, and then the shell, again and again.
#include <algorithm>

#include "lib/lib.hh"
#include "net/protocol.hh"

// Data that a loader must bring along and zeros that it must make: checked when init is started
// with arguments, as in the course's file system lab.
// Volatile, or the compiler would know the answer.
static volatile int data[] = {6, 8, 2, 8};
static volatile char zeros[3 * PGSIZE];

static bool data_is_good()
{
    return data[0] == 6 && data[1] == 8 && data[2] == 2 && data[3] == 8;
}

static bool zeros_are_good()
{
    for (const volatile char& byte : zeros) {
        if (byte != 0) {
            return false;
        }
    }
    return true;
}

static void check_loading(int argc, char** argv)
{
    cprintf("init: running\n");
    cprintf("init: data %s\n", data_is_good() ? "seems okay" : "is not initialized");
    cprintf("init: bss %s\n", zeros_are_good() ? "seems okay" : "is not initialized");
    // One call prints a line: whoever started init still prints, too.
    char line[256];
    int length = snprintf(line, sizeof line, "init: args:");
    for (int i = 0; i < argc; i++) {
        const size_t taken = std::min(static_cast<size_t>(length), sizeof line);
        length += snprintf(line + taken, sizeof line - taken, " '%s'", argv[i]);
    }
    cprintf("%s\n", line);
}

// Makes the console descriptors 0, 1 and 2.
static void open_console()
{
    close_all();
    if (const int fd = opencons(); fd != 0) {
        panic("cannot open the console: %s", error_text(fd));
    }
    for (int fd = 1; fd <= 2; fd++) {
        if (const int result = dup(0, fd); result < 0) {
            panic("cannot duplicate the console's descriptor: %s", error_text(result));
        }
    }
}

// The first of the two bytes in the text from `text` on, or its end.
static char* find_either(char* text, char one, char other)
{
    while (*text != '\0' && *text != one && *text != other) {
        text++;
    }
    return text;
}

// Starts the program of one line of /etc/servers, with its arguments; whether it did.
static bool start_server(char* line)
{
    constexpr int max_arguments = 16;
    const char* arguments[max_arguments + 1] = {};
    int count = 0;
    for (char* word = line; *word != '\0' && *word != '#' && count < max_arguments;) {
        if (*word == ' ' || *word == '\t') {
            *word++ = '\0';
            continue;
        }
        arguments[count++] = word;
        word = find_either(word, ' ', '\t');
    }
    if (count == 0) {
        return false;
    }
    const envid_t server = spawn(arguments[0], arguments);
    if (server < 0) {
        cprintf("init: cannot start %s: %s\n", arguments[0], error_text(server));
    }
    return server >= 0;
}

// Starts what /etc/servers lists; returns how many.
static uint32_t start_servers()
{
    static char text[2048];
    const int fd = open("/etc/servers", O_RDONLY);
    const int size = fd < 0 ? fd : readn(fd, text, sizeof text - 1);
    if (size < 0) {
        cprintf("init: cannot read /etc/servers: %s\n", error_text(size));
        return 0;
    }
    close(fd);
    uint32_t started = 0;
    for (char *line = text, *next; *line != '\0'; line = next) {
        char* const end = find_either(line, '\n', '\r');
        next = *end == '\0' ? end : end + 1;
        *end = '\0';
        started += start_server(line) ? 1 : 0;
    }
    return started;
}

// The servers say on the console that they are ready; the shell's prompt is to come after that. The
// network server is asked again and again: it has no message for who waits until others listen.
static void wait_until_listening(uint32_t servers)
{
    constexpr uint32_t patience_ms = 3000, step_ms = 20;
    NetworkStatus network;
    for (uint32_t waited = 0; waited < patience_ms; waited += step_ms) {
        if (network_status(&network) < 0 || network.listening >= servers) {
            return;
        }
        sys_sleep(step_ms);
    }
}

static void start_network_servers()
{
    if (ipc_find_env(EnvType::ns) == 0) {
        cprintf("init: no network server: what /etc/servers lists is not started\n");
        return;
    }
    wait_until_listening(start_servers());
}

void umain(int argc, char** argv)
{
    if (argc > 1) {
        check_loading(argc, argv);
    }
    open_console();
    if (argc <= 1) {
        start_network_servers();
    }
    for (;;) {
        if (argc > 1) {
            cprintf("init: running sh\n");
        }
        const envid_t shell = spawnl("/bin/sh", "sh", nullptr);
        if (shell < 0) {
            cprintf("init: cannot start /bin/sh: %s\n", error_text(shell));
            exit(1);
        }
        const int status = wait(shell);
        cprintf("init: the shell has ended (status %d); starting another\n", status);
    }
}
