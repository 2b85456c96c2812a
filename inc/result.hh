// Result<T>: a value or an Error. TRY(expression) yields the value or returns the error.
#pragma once
#include <expected>
#include <utility>

#include "inc/error.hh"

template <typename T> class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
    constexpr Result(Error error) : std::expected<T, Error>(std::unexpected(error)) {}
};

#define TRY(...) \
    ({ \
        auto&& try_result_ = (__VA_ARGS__); \
        if (!try_result_) { \
            return try_result_.error(); \
        } \
        *std::move(try_result_); \
    })
