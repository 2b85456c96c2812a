#include "kern/dev/console.hh"

#include <array>
#include <atomic>
#include <utility>

#include "inc/stdio.hh"
#include "inc/string.hh"
#include "kern/cpu/irq.hh"
#include "kern/cpu/lock.hh"
#include "kern/debug/kernel_stack.hh"
#include "kern/debug/monitor.hh"
#include "kern/debug/panic.hh"
#include "kern/dev/console_keyboard.hh"
#include "kern/dev/console_screen.hh"
#include "kern/dev/console_serial.hh"
#include "kern/env/foreground.hh"
#include "kern/env/wait_queue.hh"
#include "lib/line_editor.hh"

namespace {

SerialLine serial;
Keyboard keyboard;
WaitQueue waiting_for_input;

// The lock on output: who holds it, and how often.
class OutputLock {
public:
    void acquire()
    {
        if (broken_) {
            return;
        }
        const int me = static_cast<int>(current_cpu_number());
        if (holder_.load(std::memory_order_relaxed) != me) {
            lock_.acquire();
            holder_.store(me, std::memory_order_relaxed);
        }
        depth_++;
    }
    void release()
    {
        if (!broken_ && --depth_ == 0) {
            holder_.store(nobody, std::memory_order_relaxed);
            lock_.release();
        }
    }
    void break_open() { broken_ = true; }

private:
    static constexpr int nobody = -1;

    SpinLock lock_;
    std::atomic<int> holder_ = nobody;  // only its own CPU can find itself here
    int depth_ = 0;
    std::atomic<bool> broken_ = false;
};
OutputLock output_lock;

constexpr char interrupt_key = 3;       // Ctrl-C

// Bytes typed that nobody has read yet. Slots [first, last) are in use, modulo the size.
struct Input {
    std::array<char, 1024> bytes{};
    uint32_t first = 0, last = 0;
    bool watches_interrupt_key = false;
    bool interrupt_key_typed = false;

    // A byte from a device.
    void take(char byte)
    {
        if (byte == interrupt_key && watches_interrupt_key) {
            interrupt_key_typed = true;
        } else {
            push(byte);
        }
    }
    bool empty() const { return first == last; }
    uint32_t room() const { return static_cast<uint32_t>(bytes.size()) - (last - first); }
    void push(char byte) { bytes[last++ % bytes.size()] = byte; }
    char pop() { return bytes[first++ % bytes.size()]; }
};
Locked<Input> input;

constexpr uint32_t longest_key = 4;     // bytes of the longest sequence that one key sends

// Takes what the devices have while there is room for it; what stays in the serial line's FIFO
// holds the sender back. Returns whether anything came. A terminal's Return key sends \r.
bool poll_devices(Input& into)
{
    const uint32_t before = into.last;
    while (into.room() > longest_key) {
        const int byte = serial.get();
        if (byte < 0) {
            break;
        }
        if (byte != 0) {
            into.take(byte == '\r' ? '\n' : static_cast<char>(byte));
        }
    }
    while (into.room() > longest_key) {
        const std::string_view key = keyboard.get();
        if (key.empty()) {
            break;
        }
        for (const char byte : key) {
            into.take(byte);
        }
    }
    return into.last != before;
}

void input_interrupt(void*)
{
    bool arrived = poll_devices(*input.lock());
    if (serial.take_break()) {          // whoever has the line may stop the machine
        cprintf("\nStopped by a break on the serial line; `continue` goes on.\n");
        monitor(nullptr);
        arrived = true;                 // the monitor may have polled what was typed after it
    }
    if (arrived) {
        waiting_for_input.wake_all();
    }
    end_interrupted_group();
}

void put_everywhere(char byte)
{
    serial.put(static_cast<uint8_t>(byte));
    screen_put(static_cast<uint8_t>(byte));
}

void echo(const char* text, size_t size)
{
    console_write({text, size});
}

void enable_interrupt(unsigned line)
{
    if (!irq_install(line, input_interrupt, nullptr)) {
        panic("console: interrupt line %u cannot be had", line);
    }
}

} // namespace

ConsoleGuard::ConsoleGuard()
{
    output_lock.acquire();
}

ConsoleGuard::~ConsoleGuard()
{
    output_lock.release();
}

void console_break_lock()
{
    output_lock.break_open();
}

void console_init()
{
    serial.init();
    screen_init();
}

void console_enable_interrupts()
{
    enable_interrupt(Keyboard::irq);
    enable_interrupt(SerialLine::irq);
    serial.enable_interrupts();
    input_interrupt(nullptr);           // what was typed before would raise no interrupt
}

void console_putc(int byte)
{
    const char text = static_cast<char>(byte);
    console_write({&text, 1});
}

void console_write(std::span<const char> text)
{
    ConsoleGuard guard;
    for (const char byte : text) {
        put_everywhere(byte);
    }
    screen_update_cursor();
}

bool console_has_input()
{
    auto access = input.lock();
    return !access->empty() || poll_devices(*access);
}

int console_getc()
{
    auto access = input.lock();
    if (access->empty() && !poll_devices(*access)) {
        return 0;
    }
    return static_cast<unsigned char>(access->pop());
}

void console_watch_interrupt_key(bool watch)
{
    input.lock()->watches_interrupt_key = watch;
}

bool console_take_interrupt_key()
{
    return std::exchange(input.lock()->interrupt_key_typed, false);
}

WaitQueue& console_input_queue()
{
    return waiting_for_input;
}

char* readline(const char* prompt)
{
    static constinit LineEditor line(echo);
    static constinit LineHistory history;
    prompt = prompt != nullptr ? prompt : "";
    for (;;) {
        LineEditor::Outcome outcome = LineEditor::Outcome::more;
        echo(prompt, strlen(prompt));
        line.start(prompt, &history);
        while (outcome == LineEditor::Outcome::more) {
            const int byte = console_getc();
            serial.take_break();        // the machine stands already
            if (byte == 0) {
                __builtin_ia32_pause();
            } else {
                outcome = line.feed(static_cast<char>(byte));
            }
        }
        if (outcome == LineEditor::Outcome::done) {
            history.add({line.text(), line.length()});
            return line.text();
        }
        if (outcome == LineEditor::Outcome::end_of_file) {
            echo("\n", 1);              // the monitor's input has no end
        }
    }
}
