// Fetches a page: `wget [-q] [-O FILE] http://HOST[:PORT][/PATH]`; `-O -` is standard output. Only
// a complete answer with status 200 counts as success.
#include "lib/args.hh"
#include "lib/lib.hh"
#include "user/wget/body.hh"
#include "user/wget/url.hh"

namespace {

struct Settings {
    Url url;
    const char* file = nullptr;
    bool quiet = false;
};

[[noreturn]] void fail(const char* what, int error)
{
    fprintf(2, "wget: %s: %s\n", what, error_text(error));
    exit(1);
}

Settings read_settings(int argc, char** argv)
{
    Settings settings;
    OptionParser options(argc, argv, "qO:");
    bool good = true;
    while (const int option = options.next()) {
        switch (option) {
        case 'q': settings.quiet = true; break;
        case 'O': settings.file = options.value(); break;
        default: good = false;
        }
    }
    const int operand = options.first_operand();
    if (!good || operand + 1 != argc || !parse_url(argv[operand], settings.url)) {
        fprintf(2, "usage: wget [-q] [-O FILE] http://HOST[:PORT][/PATH]\n");
        exit(2);
    }
    if (settings.file == nullptr) {
        settings.file = settings.url.file_name();
    }
    return settings;
}

int connect_to(const Url& url, bool quiet)
{
    Endpoint host;
    if (const int result = resolve(url.host, AF_UNSPEC, &host); result < 0) {
        fail(url.host, result);
    }
    host.set_port(url.port);
    if (!quiet) {
        fprintf(2, "Connecting to %s (%s) port %u\n", url.host, host.text(), url.port);
    }
    const int connection = socket(host.family(), SOCK_STREAM);
    if (connection < 0) {
        fail("cannot open a socket", connection);
    }
    const int result = connect(connection, host.address(), host.size());
    if (result < 0) {
        fail("cannot connect", result);
    }
    return connection;
}

void send_request(int connection, const Url& url)
{
    static char text[2048];
    const bool ip6 = strchr(url.host, ':') != nullptr;
    char port[8] = "";
    if (url.port != 80) {
        snprintf(port, sizeof port, ":%u", url.port);
    }
    const int size = snprintf(text, sizeof text,
                              "GET %s HTTP/1.1\r\nHost: %s%s%s%s\r\nUser-Agent: wget\r\n"
                              "Accept: */*\r\nConnection: close\r\n\r\n",
                              url.path, ip6 ? "[" : "", url.host, ip6 ? "]" : "", port);
    const ssize_t result = writen(connection, text, static_cast<size_t>(size));
    if (result < 0) {
        fail("cannot send the request", static_cast<int>(result));
    }
}

int open_output(const char* file)
{
    if (strcmp(file, "-") == 0) {
        return 1;
    }
    const int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) {
        fail(file, fd);
    }
    return fd;
}

} // namespace

void umain(int argc, char** argv)
{
    const Settings settings = read_settings(argc, argv);
    const int connection = connect_to(settings.url, settings.quiet);
    send_request(connection, settings.url);

    Input input(connection);
    AnswerHead head;
    if (const char* wrong = read_head(input, head); wrong != nullptr) {
        fprintf(2, "wget: %s\n", wrong);
        exit(1);
    }
    if (!settings.quiet || head.status != 200) {
        fprintf(2, "HTTP status %u %s\n", head.status, head.reason);
    }
    if (head.status != 200) {
        exit(1);
    }
    const int output = open_output(settings.file);
    uint64_t size = 0;
    if (const char* wrong = copy_body(input, head, output, size); wrong != nullptr) {
        fprintf(2, "wget: %s after %llu bytes\n", wrong, size);
        exit(1);
    }
    if (output != 1) {
        if (const int result = close(output); result < 0) {
            fail(settings.file, result);
        }
    }
    if (!settings.quiet) {
        fprintf(2, "%llu bytes in %s\n", size, settings.file);
    }
}
