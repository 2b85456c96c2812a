// JSON texts: what is one, what is in it, and strings as they are written.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "lib/json.hh"

namespace {

using json::Value;

bool is_json(std::string_view text) { return Value::parse(text).has_value(); }

int64_t scaled(std::string_view text, int decimals)
{
    const auto value = Value::parse(text);
    return value && value->scaled(decimals) ? *value->scaled(decimals) : -999;
}

TEST(Json, TakesEveryKindOfValue)
{
    for (const char* text : {"{}", "[]", "\"\"", "0", "-0", "10", "-1.5", "1e3", "1.25E-7", "true",
                             "false", "null", " [1 , {\"a\" : [ ] } ] \r\n\t",
                             "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"", "{\"a\":1,\"a\":2}"}) {
        EXPECT_TRUE(is_json(text)) << text;
    }
}

TEST(Json, RefusesWhatIsNone)
{
    for (const char* text : {"", " ", "{", "}", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
                             "{a:1}", "{\"a\":1,}", "01", "1.", ".5", "-", "+1", "1e", "1e+", "tru",
                             "truee", "nul", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
                             "\"a\nb\"", "{} {}", "1 1", "'a'", "[1]]", "{\"a\":1]"}) {
        EXPECT_FALSE(is_json(text)) << text;
    }
    EXPECT_FALSE(is_json(std::string_view("\"\0\"", 3)));
}

TEST(Json, RefusesWhatIsNestedTooDeep)
{
    const auto nested = [](size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_TRUE(is_json(nested(Value::max_depth)));
    EXPECT_FALSE(is_json(nested(Value::max_depth + 1)));
    EXPECT_FALSE(is_json(std::string(1'000'000, '[')));
    EXPECT_FALSE(is_json(std::string(1'000'000, '{')));
}

// Each beginning of a text, in memory that ends where it does: the sanitizer sees a step beyond.
TEST(Json, ABeginningOfATextIsNone)
{
    const std::string whole = "{\"a\":[1.5e-3,true,null,\"\\u00e4\\n\"],\"b\":{\"c\":-0.25}}";
    ASSERT_TRUE(is_json(whole));
    for (size_t size = 0; size < whole.size(); size++) {
        const std::vector<char> part(whole.begin(), whole.begin() + static_cast<long>(size));
        EXPECT_FALSE(is_json({part.data(), part.size()})) << size;
    }
}

TEST(Json, ScalesNumbers)
{
    EXPECT_EQ(scaled("0", 0), 0);
    EXPECT_EQ(scaled("655360", 0), 655360);
    EXPECT_EQ(scaled("-17", 0), -17);
    EXPECT_EQ(scaled("1.99", 0), 1);
    EXPECT_EQ(scaled("-1.99", 0), -1);
    EXPECT_EQ(scaled("1.000283", 6), 1'000'283);
    EXPECT_EQ(scaled("6.025634765625e-06", 6), 6);
    EXPECT_EQ(scaled("6.025634765625e-06", 9), 6025);
    EXPECT_EQ(scaled("1.25e+3", 1), 12500);
    EXPECT_EQ(scaled("0.000000000000000000000000123e26", 0), 12);
    EXPECT_EQ(scaled("123456789012345678901234567890e-20", 0), 1'234'567'890);
}

TEST(Json, NumbersThatAreTooLargeBecomeTheLargest)
{
    EXPECT_EQ(scaled("9223372036854775807", 0) / 1000, INT64_MAX / 1000);
    EXPECT_EQ(scaled("18446744073709551615", 0), INT64_MAX);
    EXPECT_EQ(scaled("-18446744073709551615", 0), -INT64_MAX);
    EXPECT_EQ(scaled("1e999999999999999999999", 0), INT64_MAX);
    EXPECT_EQ(scaled("1e-999999999999999999999", 0), 0);
    EXPECT_EQ(scaled("0e999999999999999999999", 6), 0);
    EXPECT_EQ(scaled(std::string(5000, '9'), 0), INT64_MAX);
    EXPECT_EQ(scaled("0." + std::string(5000, '0') + "1", 6), 0);
}

TEST(Json, FindsMembers)
{
    const auto value = Value::parse(R"( { "a" : {"b":1} , "b" : 2, "c":[ ], "b":3, "d\n":4 } )");
    ASSERT_TRUE(value);
    EXPECT_EQ(value->member("b")->scaled(0), 2);
    EXPECT_EQ(value->member("a")->member("b")->scaled(0), 1);
    EXPECT_TRUE(value->member("c")->is_array());
    EXPECT_FALSE(value->member("e"));
    EXPECT_FALSE(value->member(""));
    EXPECT_FALSE(value->member("b")->member("b"));
    EXPECT_FALSE(value->member("c")->member("b"));
    EXPECT_FALSE(Value::parse("{}")->member("b"));
}

TEST(Json, TellsKindsApart)
{
    EXPECT_TRUE(Value::parse("true")->is_true());
    EXPECT_FALSE(Value::parse("false")->is_true());
    EXPECT_FALSE(Value::parse("\"true\"")->is_true());
    EXPECT_FALSE(Value::parse("\"1\"")->is_number());
    EXPECT_FALSE(Value::parse("true")->scaled(0));
    EXPECT_TRUE(Value::parse(" {} ")->is_object());
}

TEST(Json, GoesThroughArrays)
{
    const auto value = Value::parse("[1, [2,3] ,{\"a\":[4]}, 5 ]");
    json::Elements elements(*value);
    EXPECT_EQ(elements.next()->text(), "1");
    EXPECT_EQ(elements.next()->text(), "[2,3]");
    EXPECT_EQ(elements.next()->text(), "{\"a\":[4]}");
    EXPECT_EQ(elements.next()->text(), "5");
    EXPECT_FALSE(elements.next());
    EXPECT_FALSE(elements.next());
    EXPECT_FALSE(json::Elements(*Value::parse("[]")).next());
    EXPECT_FALSE(json::Elements(*Value::parse("{\"a\":1}")).next());
}

TEST(Json, WritesStringsThatItReads)
{
    std::array<char, 256> buffer;
    TextBuffer text(buffer);
    json::put_string(text, std::string_view("a\"b\\c\n\0\x7f\xe4", 9));
    EXPECT_EQ(text.text(), "\"a\\u0022b\\u005cc\\u000a\\u0000\\u007f\\u00e4\"");
    EXPECT_TRUE(is_json(text.text()));
}

} // namespace
