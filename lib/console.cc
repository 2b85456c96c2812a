#include "lib/console.hh"

#include <algorithm>

#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "inc/string.hh"
#include "inc/error.hh"
#include "lib/fd.hh"
#include "lib/line_editor.hh"
#include "lib/syscall.hh"

namespace {

// One byte as it is typed, negative on error. Only one: what is typed ahead belongs to whoever
// reads next, which may be another program.
int typed_byte()
{
    char byte = 0;
    const int result = sys_console_read(&byte, 1, wait_forever);
    return result < 0 ? result : static_cast<unsigned char>(byte);
}

void echo(const char* text, size_t size)
{
    sys_cputs(text, size);
}

// The line that was typed last, with its newline, and how much of it has been read.
struct PendingLine {
    LineEditor editor{echo};
    size_t length = 0;
    size_t read = 0;
};
constinit PendingLine pending;

// What the editor works with while readline() waits.
struct Editing {
    const char* prompt = "";
    LineHistory* history = nullptr;
};
constinit Editing editing;

// Waits for a line. Returns 1, 0 at the end of file, or a negative error.
int type_line()
{
    LineEditor& editor = pending.editor;
    editor.start(editing.prompt, editing.history);
    pending.length = pending.read = 0;
    for (;;) {
        const int byte = typed_byte();
        if (byte < 0) {
            return byte;
        }
        switch (editor.feed(static_cast<char>(byte))) {
        case LineEditor::Outcome::done:
        case LineEditor::Outcome::interrupted:          // then it is empty
            editor.text()[editor.length()] = '\n';
            pending.length = editor.length() + 1;
            return 1;
        case LineEditor::Outcome::end_of_file: return 0;
        case LineEditor::Outcome::more: break;
        }
    }
}

ssize_t console_read(Fd&, void* buffer, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (pending.read == pending.length) {
        if (const int result = type_line(); result <= 0) {
            return result;
        }
    }
    const size_t count = std::min(size, pending.length - pending.read);
    memcpy(buffer, pending.editor.text() + pending.read, count);
    pending.read += count;
    return static_cast<ssize_t>(count);
}

ssize_t console_write(Fd&, const void* buffer, size_t size)
{
    sys_cputs(static_cast<const char*>(buffer), size);
    return static_cast<ssize_t>(size);
}

int console_close(Fd&)
{
    return 0;
}

int console_stat(Fd&, Stat& stat)
{
    strlcpy(stat.st_name, "<console>", sizeof stat.st_name);
    return 0;
}

} // namespace

const Device console_device = {'c',           "console",    console_read, console_write,
                               console_close, console_stat, nullptr};

int opencons()
{
    Fd* fd = nullptr;
    if (const int result = fd_alloc(&fd); result < 0) {
        return result;
    }
    const int result = sys_page_alloc(0, fd, PTE_P | PTE_U | PTE_W | PTE_SHARE);
    if (result < 0) {
        return result;
    }
    fd->fd_dev_id = console_device.id;
    fd->fd_omode = O_RDWR;
    return fd2num(fd);
}

int iscons(int number)
{
    Fd* fd = nullptr;
    const int result = fd_lookup(number, &fd);
    return result < 0 ? result : fd->fd_dev_id == console_device.id;
}

int getchar()
{
    unsigned char byte = 0;
    const ssize_t result = read(0, &byte, 1);
    return result == 1 ? byte : result < 0 ? result : to_abi(Error::end_of_file);
}

void cputchar(int byte)
{
    const char c = static_cast<char>(byte);
    sys_cputs(&c, 1);
}

static char* next_line()
{
    static char line[longest_line + 1];
    size_t length = 0;
    int byte = getchar();
    if (byte < 0) {
        return nullptr;
    }
    for (; byte >= 0 && byte != '\n'; byte = getchar()) {
        if (length < longest_line) {
            line[length++] = static_cast<char>(byte);
        }
    }
    line[length] = '\0';
    return line;
}

char* readline(const char* prompt)
{
    static LineHistory history;
    prompt = prompt != nullptr ? prompt : "";
    cprintf("%s", prompt);
    editing = {prompt, &history};
    char* const line = next_line();
    editing = {};
    if (line != nullptr && iscons(0) == 1) {
        history.add(line);
    }
    return line;
}
