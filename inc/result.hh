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

#define TRY(...) TRY_WITH_(TRY_JOIN_(try_result_, __COUNTER__), __VA_ARGS__)
#define TRY_JOIN_(a, b) TRY_JOIN2_(a, b)
#define TRY_JOIN2_(a, b) a##b
#define TRY_WITH_(result, ...) \
    ({ \
        auto&& result = (__VA_ARGS__); \
        if (!result) { \
            return result.error(); \
        } \
        *std::move(result); \
    })
