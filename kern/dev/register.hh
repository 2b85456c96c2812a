// Device registers as types: a register is a struct with an offset and fields, a field knows its
// register and its width, and a value of one register cannot be written to another.
//
//     struct Control {
//         static constexpr uint32_t offset = 0x0000;
//         static constexpr Field<Control, 6> set_link_up{};
//     };
//     registers.write(Control::set_link_up(1));
//     if (Status::link_up.of(registers.read<Status>()) == 1) ...
#pragma once
#include <cstddef>
#include <cstdint>

#include "kern/debug/panic.hh"

// The bits of register R, and of no other.
template <typename R> struct Value {
    uint32_t bits = 0;
    constexpr Value operator|(Value other) const { return {bits | other.bits}; }
    constexpr bool operator==(const Value&) const = default;
};

// Bits Low to Low + Width - 1 of register R.
template <typename R, unsigned Low, unsigned Width = 1> struct Field {
    static_assert(Width >= 1 && Low + Width <= 32, "the field leaves its register");
    static constexpr uint32_t max = Width == 32 ? ~0u : (1u << Width) - 1;

    constexpr Value<R> operator()(uint32_t value) const
    {
        ASSERT(value <= max);
        return {value << Low};
    }
    constexpr uint32_t of(Value<R> value) const { return (value.bits >> Low) & max; }
};

// A device's memory-mapped registers, 32 bits wide. The two accesses are all that a test with a
// model of the device has to replace (kern/dev/register.cc).
class Registers {
public:
    constexpr Registers() = default;
    explicit Registers(volatile std::byte* base) : base_(base) {}

    template <typename R> Value<R> read() const { return {load(R::offset)}; }
    template <typename R> void write(Value<R> value) const { store(R::offset, value.bits); }

    // Register `index` of several in a row.
    template <typename R> Value<R> read(uint32_t index) const
    {
        ASSERT(index < R::count);
        return {load(R::offset + index * R::stride)};
    }
    template <typename R> void write(uint32_t index, Value<R> value) const
    {
        ASSERT(index < R::count);
        store(R::offset + index * R::stride, value.bits);
    }

private:
    uint32_t load(uint32_t offset) const;
    void store(uint32_t offset, uint32_t bits) const;

    volatile std::byte* base_ = nullptr;
};
