// Look-ups in the kernel's table of symbols.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "kern/debug/symbols.hh"

namespace {

constexpr std::array<SymbolTable::Function, 3> functions = {{
    {0x1000, 0x20, "first"},
    {0x1020, 0x08, "second"},
    {0x2000, 0x10, "third"},
}};
constexpr std::array<SymbolTable::Line, 6> lines = {{
    {0x1000, 0, 10},
    {0x1008, 1, 77},
    {0x1020, 0, 20},
    {0x1028, 0, 0},
    {0x2000, 9, 5},
    {0x2008, 1, 6},
}};
constexpr std::array<const char*, 2> files = {"a.cc", "b.hh"};
constexpr SymbolTable table{functions.size(), functions.data(), lines.size(),
                            lines.data(), files.size(), files.data()};

std::string place(uintptr_t address)
{
    const SourcePlace found = find_place(table, address);
    return std::string(found.file) + ":" + std::to_string(found.line) + ":" + found.function + "+" +
           std::to_string(found.function_start != 0 ? address - found.function_start : 0);
}

TEST(Symbols, FindsFunctionFileAndLine)
{
    EXPECT_EQ(place(0x1000), "a.cc:10:first+0");
    EXPECT_EQ(place(0x1007), "a.cc:10:first+7");
    EXPECT_EQ(place(0x101F), "b.hh:77:first+31");
    EXPECT_EQ(place(0x1020), "a.cc:20:second+0");
    EXPECT_EQ(place(0x2008), "b.hh:6:third+8");
}

TEST(Symbols, KnowsWhatItDoesNotKnow)
{
    for (const uintptr_t address : {uintptr_t{0}, uintptr_t{0xFFF}, uintptr_t{0x1028},
                                    uintptr_t{0x1FFF}, uintptr_t{0x2010}, uintptr_t{0xFFFFFFFF}}) {
        EXPECT_EQ(place(address), "<unknown>:0:<unknown>+0") << address;
    }
    EXPECT_EQ(place(0x2001), "<unknown>:0:third+1");    // a file number that is not in the table
}

TEST(Symbols, WithoutATableNothingIsKnown)
{
    EXPECT_EQ(find_place(SymbolTable{}, 0x1000).line, 0u);
    EXPECT_STREQ(source_place(0x1000).function, "<unknown>");   // no table is linked in here
}

} // namespace
