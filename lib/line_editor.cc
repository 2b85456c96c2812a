#include "lib/line_editor.hh"

#include <algorithm>

namespace {

constexpr char control(char letter) { return static_cast<char>(letter & 0x1F); }
constexpr char escape_byte = 0x1B, delete_byte = 0x7F;

constexpr bool is_printable(char byte)
{
    return static_cast<unsigned char>(byte) >= ' ' && byte != delete_byte;
}

} // namespace

std::string_view LineHistory::line(size_t age) const
{
    size_t end = used_ - 1;                     // of the line: where its zero is
    for (; age > 0; age--) {
        do {
            end--;
        } while (text_[end] != '\0');
    }
    size_t begin = end;
    while (begin > 0 && text_[begin - 1] != '\0') {
        begin--;
    }
    return {&text_[begin], end - begin};
}

void LineHistory::add(std::string_view line)
{
    if (line.empty() || line.size() >= text_.size() || (count_ > 0 && line == this->line(0))) {
        return;
    }
    while (used_ + line.size() + 1 > text_.size()) {
        drop_oldest();
    }
    std::copy(line.begin(), line.end(), &text_[used_]);
    used_ += line.size() + 1;
    text_[used_ - 1] = '\0';
    count_++;
}

void LineHistory::drop_oldest()
{
    const size_t size = line(count_ - 1).size() + 1;
    std::copy(&text_[size], &text_[0] + used_, &text_[0]);
    used_ -= size;
    count_--;
}

void LineHistory::keep_draft(std::string_view line)
{
    draft_length_ = std::min(line.size(), draft_.size());
    std::copy_n(line.begin(), draft_length_, draft_.begin());
}

void LineEditor::start(const char* prompt, LineHistory* history)
{
    length_ = cursor_ = age_ = 0;
    text_[0] = '\0';
    prompt_ = prompt;
    history_ = history;
    escape_ = Escape::none;
}

LineEditor::Outcome LineEditor::feed(char byte)
{
    Outcome outcome = Outcome::more;
    if (!take_escape_sequence(byte)) {
        if (is_printable(byte)) {
            insert(byte);
        } else {
            outcome = control_key(byte);
        }
    }
    text_[length_] = '\0';
    flush();
    return outcome;
}

LineEditor::Outcome LineEditor::control_key(char byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        move_to(length_);
        send('\n');
        return Outcome::done;
    case control('C'):
        move_to(length_);
        send("^C\n");
        length_ = cursor_ = 0;
        return Outcome::interrupted;
    case control('D'):
        if (length_ == 0) {
            return Outcome::end_of_file;
        }
        remove(cursor_, cursor_ + 1);
        break;
    case '\b':
    case delete_byte: remove(cursor_ - (cursor_ > 0), cursor_); break;
    case '\t': insert(' '); break;
    case control('A'): move_to(0); break;
    case control('B'): move_to(cursor_ - (cursor_ > 0)); break;
    case control('E'): move_to(length_); break;
    case control('F'): move_to(cursor_ + 1); break;
    case control('K'): remove(cursor_, length_); break;
    case control('L'): redraw(); break;
    case control('N'): show_newer(); break;
    case control('P'): show_older(); break;
    case control('U'): remove(0, cursor_); break;
    case control('W'): remove(word_before(), cursor_); break;
    default: break;
    }
    return Outcome::more;
}

// ESC [ parameters letter, or ESC O letter. ECMA-48, 5.4; what else begins with ESC is no key.
bool LineEditor::take_escape_sequence(char byte)
{
    if (byte < ' ') {                           // a control character ends what was begun
        escape_ = byte == escape_byte ? Escape::begun : Escape::none;
        return byte == escape_byte;
    }
    switch (escape_) {
    case Escape::none: return false;
    case Escape::begun:
        number_ = 0;
        escape_ = byte == '[' ? Escape::parameters : byte == 'O' ? Escape::letter : Escape::none;
        return escape_ != Escape::none;
    case Escape::parameters:
        if (byte >= '0' && byte <= '9') {
            number_ = (number_ * 10 + static_cast<unsigned>(byte - '0')) % 1000;
            return true;
        }
        if (byte < '@') {
            number_ = 0;
            return true;
        }
        break;
    case Escape::letter: break;
    }
    escape_ = Escape::none;
    run_sequence(byte);
    return true;
}

void LineEditor::run_sequence(char last)
{
    constexpr unsigned with_control = 5;        // xterm: a modified key's last parameter
    switch (last) {
    case 'A': show_older(); break;
    case 'B': show_newer(); break;
    case 'C': move_to(number_ == with_control ? word_behind() : cursor_ + 1); break;
    case 'D': move_to(number_ == with_control ? word_before() : cursor_ - (cursor_ > 0)); break;
    case 'F': move_to(length_); break;
    case 'H': move_to(0); break;
    case '~': run_numbered_key(); break;
    default: break;
    }
}

// As the VT220 numbers its keys, and terminals since.
void LineEditor::run_numbered_key()
{
    switch (number_) {
    case 1:
    case 7: move_to(0); break;
    case 3: remove(cursor_, cursor_ + 1); break;
    case 4:
    case 8: move_to(length_); break;
    default: break;
    }
}

void LineEditor::insert(char byte)
{
    if (length_ == longest_typed_line) {
        return;
    }
    std::copy_backward(&text_[cursor_], &text_[0] + length_, &text_[0] + length_ + 1);
    text_[cursor_] = byte;
    length_++;
    send({&text_[cursor_], length_ - cursor_});
    cursor_++;
    send(length_ - cursor_, '\b');
}

// Takes out [begin, end) as far as there is text.
void LineEditor::remove(size_t begin, size_t end)
{
    end = std::min(end, length_);
    const size_t count = end - std::min(begin, end);
    if (count == 0) {
        return;
    }
    move_to(begin);
    std::copy(&text_[end], &text_[0] + length_, &text_[begin]);
    length_ -= count;
    send({&text_[begin], length_ - begin});
    send(count, ' ');
    send(length_ - begin + count, '\b');
}

void LineEditor::move_to(size_t position)
{
    position = std::min(position, length_);
    if (position < cursor_) {
        send(cursor_ - position, '\b');
    } else {
        send({&text_[cursor_], position - cursor_});
    }
    cursor_ = position;
}

void LineEditor::replace(std::string_view line)
{
    const size_t size = std::min(line.size(), longest_typed_line);
    const size_t surplus = length_ - std::min(size, length_);
    move_to(0);
    std::copy_n(line.begin(), size, text_.begin());
    length_ = cursor_ = size;
    send({&text_[0], length_});
    send(surplus, ' ');
    send(surplus, '\b');
}

void LineEditor::show_older()
{
    if (history_ == nullptr || age_ == history_->count()) {
        return;
    }
    if (age_ == 0) {
        history_->keep_draft({&text_[0], length_});
    }
    age_++;
    replace(history_->line(age_ - 1));
}

void LineEditor::show_newer()
{
    if (history_ == nullptr || age_ == 0) {
        return;
    }
    age_--;
    replace(age_ == 0 ? history_->draft() : history_->line(age_ - 1));
}

void LineEditor::redraw()
{
    const size_t position = cursor_;
    send("\033[H\033[2J");
    send(prompt_);
    cursor_ = 0;
    move_to(length_);
    move_to(position);
}

size_t LineEditor::word_before() const
{
    size_t begin = cursor_;
    while (begin > 0 && text_[begin - 1] == ' ') {
        begin--;
    }
    while (begin > 0 && text_[begin - 1] != ' ') {
        begin--;
    }
    return begin;
}

size_t LineEditor::word_behind() const
{
    size_t end = cursor_;
    while (end < length_ && text_[end] == ' ') {
        end++;
    }
    while (end < length_ && text_[end] != ' ') {
        end++;
    }
    return end;
}

void LineEditor::send(char byte)
{
    output_[output_used_++] = byte;
    if (output_used_ == output_.size()) {
        flush();
    }
}

void LineEditor::send(std::string_view text)
{
    for (const char byte : text) {
        send(byte);
    }
}

void LineEditor::send(size_t count, char byte)
{
    for (; count > 0; count--) {
        send(byte);
    }
}

void LineEditor::flush()
{
    if (output_used_ > 0) {
        echo_(output_.data(), output_used_);
        output_used_ = 0;
    }
}
