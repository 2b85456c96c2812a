// `make SAN=1`: what the compiler's checks for undefined behaviour call. The first finding ends
// the program, or the kernel, with file and line. Compiled into the kernel too.
#include <cstdint>

#ifdef JOS_KERNEL
#include "kern/debug/panic.hh"
#else
#include "lib/program.hh"
#endif

namespace {

// What a check's data begins with, as GCC lays it out.
struct Place {
    const char* file;
    uint32_t line, column;
};

[[noreturn]] void report(const Place* place, const char* what)
{
    panic_at(place->file, static_cast<int>(place->line), "undefined behaviour, column %u: %s",
             static_cast<unsigned>(place->column), what);
}

} // namespace

// Each check by its handler's name; what it passes behind the place is not looked at.
#define HANDLERS(X) \
    X(add_overflow, "signed addition overflows") \
    X(sub_overflow, "signed subtraction overflows") \
    X(mul_overflow, "signed multiplication overflows") \
    X(negate_overflow, "negation overflows") \
    X(divrem_overflow, "division by zero, or of the least number by -1") \
    X(shift_out_of_bounds, "shift by too much or of a negative number") \
    X(out_of_bounds, "array index out of bounds") \
    X(type_mismatch_v1, "access through a null pointer, or to too small an object") \
    X(pointer_overflow, "pointer arithmetic wraps around") \
    X(load_invalid_value, "a bool or enumeration has a value that is none of its own") \
    X(builtin_unreachable, "code was reached that cannot be") \
    X(missing_return, "a function ends without its return value") \
    X(vla_bound_not_positive, "array of no or negative length") \
    X(float_cast_overflow, "floating-point number does not fit the integer") \
    X(nonnull_arg, "null pointer for a parameter that must not be null") \
    X(invalid_builtin, "bit count of zero")

// By other names in C++: the compiler knows the handlers itself, with parameters of type void*.
#define X(name, text) \
    [[noreturn]] void found_##name(const Place* place) asm("__ubsan_handle_" #name); \
    void found_##name(const Place* place) { report(place, text); }
extern "C" {
HANDLERS(X)

// The place comes apart from the check's data.
[[noreturn]] void found_nonnull_return(const void* data, const Place* place)
    asm("__ubsan_handle_nonnull_return_v1");
void found_nonnull_return(const void*, const Place* place)
{
    report(place, "null pointer returned where it must not be");
}
}
