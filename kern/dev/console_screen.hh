// The VGA's text screen: 25 rows of 80 cells. Scrolling moves the window that the card shows over
// its 32 KiB of memory, because each access to that memory is slow.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

// What the card's memory holds, without the card: the caller tells the card where the window and
// the cursor are.
//
// Backspace goes on to the end of the row above, so that a line that fills several rows can be
// edited. Of the control sequences of ECMA-48 (8.3) it knows those that move the cursor, CUU, CUD,
// CUF, CUB and CUP, and those that erase, ED and EL; others are swallowed.
class TextScreen {
public:
    static constexpr int columns = 80, rows = 25;
    static constexpr int memory_cells = 0x4000;     // 32 KiB
    static constexpr int memory_rows = memory_cells / columns;

    // `cells`: memory_cells of them, a character in the low byte and its colours above.
    void attach(volatile uint16_t* cells);
    void put(uint8_t byte);

    uint16_t window() const { return static_cast<uint16_t>(top_row_ * columns); }
    uint16_t cursor() const { return static_cast<uint16_t>(window() + row_ * columns + column_); }

private:
    enum class Escape { none, begun, parameters };

    void new_line();
    void clear_row(int memory_row);
    void show(uint8_t byte);
    void backspace();
    void take_escape_sequence(uint8_t byte);
    void run_sequence(uint8_t last);
    void move_to(int row, int column);          // to the nearest place on the screen
    // Of the window's cells [begin, end): from the cursor, up to it, or all, as ED numbers it.
    void erase(int mode, int cursor, int begin, int end);

    volatile uint16_t* cells_ = nullptr;
    int top_row_ = 0;                   // the memory row that the window begins with
    int row_ = 0, column_ = 0;          // the cursor, from the window's top; column may be 80
    Escape escape_ = Escape::none;
    std::array<int, 2> parameters_{};   // the sequence's first two, 0: not given
    size_t parameter_ = 0;              // which of them is being read
};

void screen_init();
void screen_put(uint8_t byte);
void screen_update_cursor();            // after a stretch of output: four slow port writes
