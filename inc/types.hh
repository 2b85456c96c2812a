// Sizes, rounding and bit helpers that everything uses.
#pragma once
#include <cstddef>
#include <cstdint>

#include "inc/layout.h"

inline constexpr size_t page_size = PGSIZE;
inline constexpr unsigned page_shift = 12;

template <typename T> constexpr T round_down(T value, size_t unit)
{
    return value - static_cast<T>(value % unit);
}

template <typename T> constexpr T round_up(T value, size_t unit)
{
    return round_down(static_cast<T>(value + (unit - 1)), unit);
}

constexpr size_t pages_for(size_t bytes) { return (bytes + page_size - 1) / page_size; }
