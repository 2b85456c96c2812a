#include "kern/dev/console_screen.hh"

#include <algorithm>

#include "inc/layout.h"
#include "inc/ports.hh"

namespace {

constexpr uint16_t blank = 0x0700 | ' ';            // light grey on black
constexpr int tab_columns = 8;
constexpr uint8_t escape_byte = 0x1B;

// The CRT controller's registers come in pairs, high byte first. IBM VGA Technical Reference.
constexpr uint16_t crtc_index = 0x3D4, crtc_data = 0x3D5;
constexpr uint8_t crtc_window = 0x0C, crtc_cursor = 0x0E;
constexpr uintptr_t text_memory = 0xB8000;

TextScreen screen;
int shown_window = -1, shown_cursor = -1;           // what the card was told last

void set_crtc(uint8_t index, uint16_t value)
{
    port_out8(crtc_index, index);
    port_out8(crtc_data, static_cast<uint8_t>(value >> 8));
    port_out8(crtc_index, static_cast<uint8_t>(index + 1));
    port_out8(crtc_data, static_cast<uint8_t>(value));
}

} // namespace

void TextScreen::attach(volatile uint16_t* cells)
{
    cells_ = cells;
    top_row_ = row_ = column_ = 0;
    escape_ = Escape::none;
    for (int row = 0; row < rows; row++) {
        clear_row(row);
    }
}

void TextScreen::put(uint8_t byte)
{
    if (escape_ != Escape::none && byte >= ' ') {
        return take_escape_sequence(byte);
    }
    escape_ = byte == escape_byte ? Escape::begun : Escape::none;
    switch (byte) {
    case '\n': return new_line();
    case '\r': column_ = 0; return;
    case '\b': return backspace();
    case '\t':
        do {
            show(' ');
        } while (column_ % tab_columns != 0);
        return;
    default:
        if (byte >= ' ') {
            show(byte);
        }
    }
}

// A full row wraps only when the next character comes, so that a line of exactly 80 leaves no
// empty one behind.
void TextScreen::show(uint8_t byte)
{
    if (column_ == columns) {
        new_line();
    }
    cells_[(top_row_ + row_) * columns + column_] = static_cast<uint16_t>(0x0700 | byte);
    column_++;
}

void TextScreen::backspace()
{
    if (column_ > 0) {
        column_--;
    } else if (row_ > 0) {
        move_to(row_ - 1, columns - 1);
    }
}

void TextScreen::take_escape_sequence(uint8_t byte)
{
    constexpr int most = 1000;
    if (escape_ == Escape::begun) {
        escape_ = byte == '[' ? Escape::parameters : Escape::none;
        parameters_ = {};
        parameter_ = 0;
    } else if (byte >= '0' && byte <= '9') {
        if (parameter_ < parameters_.size()) {
            parameters_[parameter_] = std::min(parameters_[parameter_] * 10 + (byte - '0'), most);
        }
    } else if (byte == ';') {
        parameter_++;
    } else if (byte >= '@') {
        escape_ = Escape::none;
        run_sequence(byte);
    }
}

void TextScreen::run_sequence(uint8_t last)
{
    const int count = std::max(parameters_[0], 1);
    const int column = std::min(column_, columns - 1);
    const int cursor = row_ * columns + column_;
    switch (last) {
    case 'A': return move_to(row_ - count, column);
    case 'B': return move_to(row_ + count, column);
    case 'C': return move_to(row_, column + count);
    case 'D': return move_to(row_, column - count);
    case 'H': return move_to(count - 1, std::max(parameters_[1], 1) - 1);
    case 'J': return erase(parameters_[0], cursor, 0, rows * columns);
    case 'K': return erase(parameters_[0], cursor, row_ * columns, (row_ + 1) * columns);
    default: return;
    }
}

void TextScreen::move_to(int row, int column)
{
    row_ = std::clamp(row, 0, rows - 1);
    column_ = std::clamp(column, 0, columns - 1);
}

void TextScreen::erase(int mode, int cursor, int begin, int end)
{
    const int first = mode == 0 ? cursor : begin;
    const int last = mode == 1 ? std::min(cursor + 1, end) : end;
    for (int cell = first; cell < last; cell++) {
        cells_[top_row_ * columns + cell] = blank;
    }
}

void TextScreen::new_line()
{
    column_ = 0;
    if (row_ + 1 < rows) {
        row_++;
        return;
    }
    if (top_row_ + rows == memory_rows) {           // the memory's end: start over at its beginning
        for (int cell = 0; cell < (rows - 1) * columns; cell++) {
            cells_[cell] = cells_[(top_row_ + 1) * columns + cell];
        }
        top_row_ = 0;
    } else {
        top_row_++;
    }
    clear_row(top_row_ + row_);
}

void TextScreen::clear_row(int memory_row)
{
    for (int column = 0; column < columns; column++) {
        cells_[memory_row * columns + column] = blank;
    }
}

void screen_init()
{
    screen.attach(reinterpret_cast<volatile uint16_t*>(KERNBASE + text_memory));
    shown_window = shown_cursor = -1;
    screen_update_cursor();
}

void screen_put(uint8_t byte)
{
    screen.put(byte);
}

void screen_update_cursor()
{
    if (shown_window != screen.window()) {
        shown_window = screen.window();
        set_crtc(crtc_window, screen.window());
    }
    if (shown_cursor != screen.cursor()) {
        shown_cursor = screen.cursor();
        set_crtc(crtc_cursor, screen.cursor());
    }
}
