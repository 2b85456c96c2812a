#include "kern/dev/line_editor.hh"

namespace {

constexpr char control(char letter) { return static_cast<char>(letter & 0x1F); }
constexpr char escape_byte = 0x1B, delete_byte = 0x7F;

} // namespace

void LineEditor::clear()
{
    length_ = 0;
    text_[0] = '\0';
    escape_ = Escape::none;
}

bool LineEditor::feed(char byte, Echo echo, const char* prompt)
{
    if (in_escape_sequence(byte)) {
        return false;
    }
    switch (byte) {
    case '\r':
    case '\n': echo("\n"); return true;
    case '\b':
    case delete_byte: take_back(echo); return false;
    case control('U'):
        while (length_ > 0) {
            take_back(echo);
        }
        return false;
    case control('C'):
        clear();
        echo("^C\n");
        echo(prompt);
        return false;
    default:
        if (static_cast<unsigned char>(byte) < ' ' || length_ == max_length) {
            return false;
        }
    }
    text_[length_] = byte;
    text_[length_ + 1] = '\0';
    echo(&text_[length_]);
    length_++;
    return false;
}

// ESC, '[', parameters, and a final byte from '@' on. ECMA-48, 5.4.
bool LineEditor::in_escape_sequence(char byte)
{
    switch (escape_) {
    case Escape::none:
        escape_ = byte == escape_byte ? Escape::begun : Escape::none;
        return byte == escape_byte;
    case Escape::begun:
        escape_ = byte == '[' ? Escape::parameters : Escape::none;
        return byte == '[';
    default:
        if (byte >= '@' || byte < ' ') {
            escape_ = Escape::none;
        }
        return byte >= ' ';
    }
}

void LineEditor::take_back(Echo echo)
{
    if (length_ > 0) {
        text_[--length_] = '\0';
        echo("\b \b");
    }
}
