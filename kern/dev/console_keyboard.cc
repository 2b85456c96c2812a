#include "kern/dev/console_keyboard.hh"

#include "inc/ports.hh"

namespace {

// The controller, Intel 8042.
constexpr uint16_t status_port = 0x64, data_port = 0x60;
constexpr uint8_t output_full = 0x01, from_mouse = 0x20;

// Scancodes, set 1. The top bit means that the key was released.
constexpr uint8_t released = 0x80;
constexpr uint8_t extended_prefix = 0xE0, pause_prefix = 0xE1;
constexpr uint8_t key_control = 0x1D, key_left_shift = 0x2A, key_right_shift = 0x36;
constexpr uint8_t key_caps_lock = 0x3A, key_keypad_slash = 0x35, key_enter = 0x1C;
constexpr uint8_t key_keypad_first = 0x47, key_keypad_last = 0x53;

// By scancode from 0: what the main block's keys type without and with shift.
constexpr std::string_view plain("\0\x1B" "1234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./"
                                 "\0*\0 ", 58);
constexpr std::string_view shifted("\0\x1B" "!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~\0|ZXCVBNM<>?"
                                   "\0*\0 ", 58);
constexpr std::string_view keypad("789-456+1230.");     // from key_keypad_first

static_assert(plain[0x1E] == 'a' && plain[0x2C] == 'z' && plain[0x39] == ' ');
static_assert(shifted[0x1E] == 'A' && shifted[0x2C] == 'Z' && shifted[0x39] == ' ');

constexpr bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

} // namespace

std::string_view ScancodeDecoder::feed(uint8_t scancode)
{
    if (skip_ > 0) {
        skip_--;
        return {};
    }
    if (scancode == pause_prefix) {     // E1 1D 45 E1 9D C5, and nothing on release
        skip_ = 5;
        return {};
    }
    if (scancode == extended_prefix) {
        extended_ = true;
        return {};
    }
    const bool extended = extended_;
    extended_ = false;
    const uint8_t key = scancode & static_cast<uint8_t>(~released);
    const bool pressed = (scancode & released) == 0;
    if (key == key_control || (!extended && (key == key_left_shift || key == key_right_shift))) {
        modifier(key, pressed);
        return {};
    }
    if (!pressed) {
        return {};
    }
    return extended ? extended_key_pressed(key) : key_pressed(key);
}

void ScancodeDecoder::modifier(uint8_t key, bool pressed)
{
    switch (key) {
    case key_control: control_ = pressed; break;
    case key_left_shift: left_shift_ = pressed; break;
    default: right_shift_ = pressed;
    }
}

std::string_view ScancodeDecoder::key_pressed(uint8_t key)
{
    if (key == key_caps_lock) {
        caps_lock_ = !caps_lock_;
        return {};
    }
    if (key >= key_keypad_first && key <= key_keypad_last) {
        return {&keypad[key - key_keypad_first], 1};
    }
    if (key >= plain.size()) {
        return {};
    }
    const bool shift = left_shift_ || right_shift_;
    typed_ = shift != (caps_lock_ && is_letter(plain[key])) ? shifted[key] : plain[key];
    if (control_ && typed_ >= '@' && typed_ <= '~') {
        typed_ &= 0x1F;                 // Ctrl-C is 3
    }
    return typed_ == '\0' ? std::string_view() : std::string_view(&typed_, 1);
}

std::string_view ScancodeDecoder::extended_key_pressed(uint8_t key) const
{
    switch (key) {
    case key_keypad_slash: return "/";
    case key_enter: return "\n";
    case 0x48: return "\x1B[A";         // up
    case 0x50: return "\x1B[B";         // down
    case 0x4D: return "\x1B[C";         // right
    case 0x4B: return "\x1B[D";         // left
    case 0x47: return "\x1B[H";         // home
    case 0x4F: return "\x1B[F";         // end
    case 0x53: return "\x1B[3~";        // delete
    default: return {};
    }
}

std::string_view Keyboard::get()
{
    // A key may be several scancodes, most of which type nothing.
    for (int scancodes = 0; scancodes < 64; scancodes++) {
        const uint8_t status = port_in8(status_port);
        if (status == 0xFF || (status & output_full) == 0) {
            return {};
        }
        const uint8_t scancode = port_in8(data_port);
        if ((status & from_mouse) != 0) {
            continue;
        }
        const std::string_view bytes = decoder_.feed(scancode);
        if (!bytes.empty()) {
            return bytes;
        }
    }
    return {};
}
