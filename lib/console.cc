#include "lib/console.hh"

#include <algorithm>

#include "inc/mmu.h"
#include "inc/stdio.hh"
#include "inc/string.hh"
#include "inc/error.hh"
#include "lib/fd.hh"
#include "lib/syscall.hh"

namespace {

constexpr size_t longest_line = 1024;

constexpr char control(char letter) { return static_cast<char>(letter & 0x1F); }
constexpr char escape = '\033';
constexpr char rubout = '\177';

// One byte as it is typed, negative on error. Only one: what is typed ahead belongs to whoever
// reads next, which may be another program.
int typed_byte(uint32_t timeout_ms = wait_forever)
{
    char byte = 0;
    const int result = sys_console_read(&byte, 1, timeout_ms);
    return result < 0 ? result : static_cast<unsigned char>(byte);
}

// A line being typed. What it holds is what the screen shows.
class LineEditor {
public:
    enum class Outcome { more, done, end_of_file };

    Outcome type(char byte);
    const char* text() const { return text_; }
    size_t length() const { return length_; }

private:
    void insert(char byte);
    void erase(size_t count);
    size_t last_word() const;

    char text_[longest_line] = {};
    size_t length_ = 0;
};

void LineEditor::insert(char byte)
{
    if (length_ + 1 < longest_line) {           // room for the newline stays
        text_[length_++] = byte;
        cputchar(byte);
    }
}

void LineEditor::erase(size_t count)
{
    for (count = std::min(count, length_); count > 0; count--) {
        length_--;
        cprintf("\b \b");
    }
}

// The length of the last word and the blanks after it.
size_t LineEditor::last_word() const
{
    size_t start = length_;
    while (start > 0 && text_[start - 1] == ' ') {
        start--;
    }
    while (start > 0 && text_[start - 1] != ' ') {
        start--;
    }
    return length_ - start;
}

// Arrow and function keys send ESC, '[', parameters and a letter, in one go.
void skip_key_sequence()
{
    constexpr uint32_t key_ms = 20;
    int byte = typed_byte(key_ms);
    if (byte == '[' || byte == 'O') {
        do {
            byte = typed_byte(key_ms);
        } while (byte >= 0 && byte < '@');
    }
}

LineEditor::Outcome LineEditor::type(char byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        cputchar('\n');
        text_[length_++] = '\n';
        return Outcome::done;
    case '\b':
    case rubout: erase(1); return Outcome::more;
    case control('U'): erase(length_); return Outcome::more;
    case control('W'): erase(last_word()); return Outcome::more;
    case control('D'): return length_ == 0 ? Outcome::end_of_file : Outcome::more;
    case control('C'):
        cprintf("^C\n");
        length_ = 0;
        text_[length_++] = '\n';
        return Outcome::done;
    case escape: skip_key_sequence(); return Outcome::more;
    case '\t': insert(' '); return Outcome::more;
    default:
        if (static_cast<unsigned char>(byte) >= ' ') {
            insert(byte);
        }
        return Outcome::more;
    }
}

// The line that was typed last, and how much of it has been read.
struct PendingLine {
    LineEditor editor;
    size_t read = 0;
};
PendingLine pending;

// Waits for a line. Returns 1, 0 at the end of file, or a negative error.
int type_line()
{
    pending = {};
    for (;;) {
        const int byte = typed_byte();
        if (byte < 0) {
            return byte;
        }
        switch (pending.editor.type(static_cast<char>(byte))) {
        case LineEditor::Outcome::done: return 1;
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
    if (pending.read == pending.editor.length()) {
        if (const int result = type_line(); result <= 0) {
            return result;
        }
    }
    const size_t count = std::min(size, pending.editor.length() - pending.read);
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

char* readline(const char* prompt)
{
    static char line[longest_line];
    if (prompt != nullptr) {
        cprintf("%s", prompt);
    }
    size_t length = 0;
    int byte = getchar();
    if (byte < 0) {
        return nullptr;
    }
    for (; byte >= 0 && byte != '\n'; byte = getchar()) {
        if (length + 1 < sizeof line) {
            line[length++] = static_cast<char>(byte);
        }
    }
    line[length] = '\0';
    return line;
}
