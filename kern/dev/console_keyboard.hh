// The PC keyboard: scancodes of set 1 to the bytes that a terminal would send, US layout.
#pragma once
#include <cstdint>
#include <string_view>

class ScancodeDecoder {
public:
    // The bytes that this scancode means, none for most; arrows and the like are ANSI sequences.
    std::string_view feed(uint8_t scancode);

private:
    std::string_view key_pressed(uint8_t key);
    std::string_view extended_key_pressed(uint8_t key) const;
    void modifier(uint8_t key, bool pressed);

    bool left_shift_ = false, right_shift_ = false, control_ = false, caps_lock_ = false;
    bool extended_ = false;             // the scancode before was the prefix 0xE0
    int skip_ = 0;                      // scancodes of the Pause key's sequence still to come
    char typed_ = '\0';
};

class Keyboard {
public:
    static constexpr unsigned irq = 1;

    // The bytes of the next key pressed, none if there is none; skips what the mouse sent.
    std::string_view get();

private:
    ScancodeDecoder decoder_;
};
