// The web server's request parser and its way from targets to files.
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "user/httpd/conditional.hh"
#include "user/httpd/date.hh"
#include "user/httpd/path.hh"
#include "user/httpd/range.hh"
#include "user/httpd/request.hh"

namespace {

using http::Method;
using http::parse_request;
using State = http::ParsedRequest::State;

http::Request complete(std::string_view text)
{
    const auto parsed = parse_request(text);
    EXPECT_EQ(parsed.state, State::complete) << text << " gave status " << parsed.status;
    EXPECT_EQ(parsed.length, text.size()) << text;
    return parsed.request;
}

int refusal(std::string_view text)
{
    const auto parsed = parse_request(text);
    EXPECT_EQ(parsed.state, State::invalid) << text;
    return parsed.status;
}

TEST(HttpRequest, ReadsASimpleGet)
{
    const auto request = complete("GET /index.html?x=1 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n");
    EXPECT_EQ(request.method, Method::get);
    EXPECT_EQ(request.target, "/index.html?x=1");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_EQ(http::header_field(request, "accept"), "*/*");
    EXPECT_EQ(http::header_field(request, "range"), "");
}

TEST(HttpRequest, EveryPrefixIsIncomplete)
{
    const std::string text = "\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (size_t size = 0; size < text.size(); size++) {
        EXPECT_EQ(parse_request(std::string_view(text).substr(0, size)).state, State::incomplete);
    }
    EXPECT_FALSE(complete(text).keep_alive);
}

TEST(HttpRequest, LeavesPipelinedRequestsAlone)
{
    const std::string first = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string both = first + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto parsed = parse_request(both);
    EXPECT_EQ(parsed.length, first.size());
    EXPECT_EQ(parsed.request.target, "/a");
}

TEST(HttpRequest, KeepsAliveByVersionAndOption)
{
    EXPECT_FALSE(complete("GET / HTTP/1.0\r\n\r\n").keep_alive);
    EXPECT_TRUE(complete("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
    EXPECT_FALSE(complete("GET / HTTP/1.1\r\nhost: a\r\nconnection: TE, Close\r\n\r\n").keep_alive);
    EXPECT_FALSE(
        complete("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
}

TEST(HttpRequest, AcceptsBareLineFeeds)
{
    EXPECT_EQ(complete("GET /x HTTP/1.0\n\n").target, "/x");
    EXPECT_EQ(refusal("GET /x\rHTTP/1.0\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET /x HTTP/1.0\r\nA: b\rc\r\n\r\n"), 400);
}

TEST(HttpRequest, KnowsMethods)
{
    EXPECT_EQ(complete("HEAD / HTTP/1.0\r\n\r\n").method, Method::head);
    EXPECT_EQ(complete("POST / HTTP/1.0\r\nContent-Length: 7\r\n\r\n").method, Method::not_allowed);
    EXPECT_EQ(complete("OPTIONS * HTTP/1.0\r\n\r\n").method, Method::options);
    EXPECT_EQ(complete("PATCH * HTTP/1.0\r\n\r\n").method, Method::not_allowed);
    EXPECT_EQ(refusal("GET * HTTP/1.0\r\n\r\n"), 400);
    EXPECT_EQ(complete("CONNECT a:80 HTTP/1.0\r\n\r\n").method, Method::not_allowed);
    EXPECT_EQ(complete("get / HTTP/1.0\r\n\r\n").method, Method::unknown);
    EXPECT_EQ(complete("FROB / HTTP/1.0\r\n\r\n").method, Method::unknown);
    EXPECT_EQ(refusal("G(T / HTTP/1.0\r\n\r\n"), 400);
    EXPECT_EQ(refusal("\x16\x03\x01 tls\r\n"), 400);
}

TEST(HttpRequest, ReadsAbsoluteTargets)
{
    EXPECT_EQ(complete("GET http://a.b:80/c?d HTTP/1.0\r\n\r\n").target, "/c?d");
    EXPECT_EQ(complete("GET HTTP://a.b HTTP/1.0\r\n\r\n").target, "/");
    EXPECT_EQ(complete("GET http://a.b?x=/y HTTP/1.0\r\n\r\n").target, "/");
    for (const char* target : {"http:///x", "http://", "http://?x", "http://a@b/x", "https://a/x"}) {
        EXPECT_EQ(refusal(std::string("GET ") + target + " HTTP/1.0\r\n\r\n"), 400) << target;
    }
    EXPECT_EQ(refusal("GET ftp://a.b/ HTTP/1.0\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET index.html HTTP/1.0\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET * HTTP/1.0\r\n\r\n"), 400);
}

TEST(HttpRequest, ChecksTheVersion)
{
    EXPECT_EQ(refusal("GET / HTTP/2.0\r\n\r\n"), 505);
    EXPECT_EQ(refusal("GET / HTTP/0.9\r\n\r\n"), 505);
    EXPECT_EQ(refusal("GET /\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/1.1 \r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET  / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/11\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / http/1.1\r\n\r\n"), 400);
}

TEST(HttpRequest, WantsExactlyOneHost)
{
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    for (const char* bad : {"a b", "a/b", "a@b", "a\\b", "a<b"}) {
        EXPECT_EQ(refusal(std::string("GET / HTTP/1.1\r\nHost: ") + bad + "\r\n\r\n"), 400) << bad;
    }
    EXPECT_EQ(complete("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").target, "/");
    EXPECT_EQ(complete("GET / HTTP/1.1\r\nHost:\r\n\r\n").target, "/");
}

TEST(HttpRequest, RefusesBadFields)
{
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\nno colon\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\n: x\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\nA : x\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\nA: x\r\n folded\r\n\r\n"), 400);
    EXPECT_EQ(refusal(std::string_view("GET / HTTP/1.0\r\nA: x\0y\r\n\r\n", 27)), 400);
}

TEST(HttpRequest, ReadsBodyLengths)
{
    EXPECT_EQ(complete("GET / HTTP/1.0\r\nContent-Length: 42\r\n\r\n").body_bytes, 42u);
    const std::string twice = "Content-Length: 5\r\nContent-Length: ";
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\n" + twice + "5\r\n\r\n"), 400);
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\n" + twice + "6\r\n\r\n"), 400);
    for (const char* bad : {"", "-1", "+1", "1 2", "0x10", "99999999999999999999", "1,1"}) {
        EXPECT_EQ(refusal(std::string("GET / HTTP/1.0\r\nContent-Length: ") + bad + "\r\n\r\n"),
                  400);
    }
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ";
    EXPECT_EQ(refusal(start + "chunked\r\n\r\n"), 411);
    EXPECT_EQ(refusal(start + "gzip, chunked\r\n\r\n"), 501);
    EXPECT_EQ(refusal(start + "xchunked\r\n\r\n"), 501);
    EXPECT_EQ(refusal(start + "chunked\r\nTransfer-Encoding: identity\r\n\r\n"), 501);
    EXPECT_EQ(refusal(start + "chunked\r\nContent-Length: 3\r\n\r\n"), 400);
    EXPECT_EQ(
        refusal("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), 400);
}

TEST(HttpRequest, LimitsSizes)
{
    const std::string long_target = "/" + std::string(http::max_target_bytes, 'a');
    EXPECT_EQ(refusal("GET " + long_target + " HTTP/1.0\r\n\r\n"), 414);
    EXPECT_EQ(refusal("GET /" + std::string(http::max_head_bytes, 'a')), 414);
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\nA: " + std::string(http::max_head_bytes, 'a')), 431);
    std::string many = "GET / HTTP/1.0\r\n";
    for (int i = 0; i <= http::max_header_fields; i++) {
        many += "A: b\r\n";
    }
    EXPECT_EQ(refusal(many), 431);
}

constexpr int64_t example = 784'111'777;         // 1994, November 6, 08:49:37

TEST(HttpDate, WritesAndReadsDates)
{
    char text[http::date_bytes];
    http::write_log_date(example, text);
    EXPECT_STREQ(text, "06/Nov/1994:08:49:37 +0000");
    http::write_date(example, text);
    EXPECT_STREQ(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    for (int64_t time = 0; time < 253'402'300'799; time += 86'400'000 - 4'321) {
        http::write_date(time, text);
        EXPECT_EQ(http::parse_date(text, 0), time) << text;
        const time_t host_time = time;
        char expected[64];
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&host_time));
        EXPECT_STREQ(text, expected);
    }
}

TEST(HttpDate, ReadsTheOldForms)
{
    EXPECT_EQ(http::parse_date("Sunday, 06-Nov-94 08:49:37 GMT", example), example);
    EXPECT_EQ(http::parse_date("Sunday, 06-Nov-94 08:49:37 GMT", 1'700'000'000), example);
    EXPECT_EQ(http::parse_date("Sun Nov  6 08:49:37 1994", 0), example);
    for (const char* bad : {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                            "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
                            "0", "Sun, 06 Nov 199 08:49:37 GMT", "Sunday, 06-Nov-94", ","}) {
        EXPECT_EQ(http::parse_date(bad, example), std::nullopt) << bad;
    }
}

using RangeKind = http::RangeSet::Kind;

std::string ranges(std::string_view value, uint64_t size = 1000)
{
    const http::RangeSet set = http::parse_ranges(value, size);
    if (set.kind != RangeKind::parts) {
        return set.kind == RangeKind::whole ? "whole" : "unsatisfiable";
    }
    std::string text;
    for (size_t i = 0; i < set.count; i++) {
        text += std::to_string(set.ranges[i].first) + "+" + std::to_string(set.ranges[i].length)
            + " ";
    }
    return text;
}

TEST(HttpRange, ReadsRanges)
{
    EXPECT_EQ(ranges("bytes=0-0"), "0+1 ");
    EXPECT_EQ(ranges("bytes=0-499"), "0+500 ");
    EXPECT_EQ(ranges("bytes=990-"), "990+10 ");
    EXPECT_EQ(ranges("bytes=-5"), "995+5 ");
    EXPECT_EQ(ranges("bytes=-5000"), "0+1000 ");
    EXPECT_EQ(ranges("bytes=990-5000"), "990+10 ");
    EXPECT_EQ(ranges("BYTES = 0-4, ,100-109,-1"), "0+5 100+10 999+1 ");
    EXPECT_EQ(ranges("bytes=5000-,0-1"), "0+2 ");
}

TEST(HttpRange, TellsWhatCannotBeServed)
{
    EXPECT_EQ(ranges("bytes=1000-"), "unsatisfiable");
    EXPECT_EQ(ranges("bytes=-0"), "unsatisfiable");
    EXPECT_EQ(ranges("bytes=0-", 0), "unsatisfiable");
    EXPECT_EQ(ranges("bytes=-1", 0), "unsatisfiable");
}

TEST(HttpRange, IgnoresWhatIsNoRange)
{
    for (const char* bad : {"", "bytes", "bytes=", "bytes=,", "lines=0-1", "bytes=a-b", "bytes=5",
                            "bytes=5-4", "bytes=--5", "bytes=0-1-2", "bytes=+1-2", "bytes=-",
                            "bytes=99999999999999999999-", "bytes=0 -1"}) {
        EXPECT_EQ(ranges(bad), "whole") << bad;
    }
}

TEST(HttpRange, RefusesToSendMoreThanTheFile)
{
    EXPECT_EQ(ranges("bytes=0-,0-"), "whole");
    std::string many = "bytes=0-0";
    for (size_t i = 0; i < http::max_ranges; i++) {
        many += ",0-0";
    }
    EXPECT_EQ(ranges(many), "whole");
}

constexpr http::Validators file{"\"v1\"", example, example + 1000};

int conditions(const std::string& fields)
{
    const std::string text = "GET / HTTP/1.0\r\n" + fields + "\r\n";
    return http::evaluate_conditions(complete(text), file);
}

TEST(HttpConditional, FollowsTheOrderOfRfc9110)
{
    const std::string now = "Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    const std::string before = "Sun, 06 Nov 1994 08:49:36 GMT\r\n";
    EXPECT_EQ(conditions(""), 200);
    EXPECT_EQ(conditions("If-None-Match: \"v1\"\r\n"), 304);
    EXPECT_EQ(conditions("If-None-Match: \"v0\", W/\"v1\"\r\n"), 304);
    EXPECT_EQ(conditions("If-None-Match: *\r\n"), 304);
    EXPECT_EQ(conditions("If-None-Match: \"v0\"\r\n"), 200);
    EXPECT_EQ(conditions("If-Modified-Since: " + now), 304);
    EXPECT_EQ(conditions("If-Modified-Since: " + before), 200);
    EXPECT_EQ(conditions("If-Modified-Since: yesterday\r\n"), 200);
    EXPECT_EQ(conditions("If-None-Match: \"v0\"\r\nIf-Modified-Since: " + now), 200);
    EXPECT_EQ(conditions("If-Match: \"v1\"\r\n"), 200);
    EXPECT_EQ(conditions("If-Match: W/\"v1\"\r\n"), 412);
    EXPECT_EQ(conditions("If-Match: \"v0\"\r\n"), 412);
    EXPECT_EQ(conditions("If-Match: *\r\nIf-None-Match: \"v1\"\r\n"), 304);
    EXPECT_EQ(conditions("If-Unmodified-Since: " + now), 200);
    EXPECT_EQ(conditions("If-Unmodified-Since: " + before), 412);
}

TEST(HttpConditional, IfRangeNeedsTheVeryFile)
{
    const auto applies = [](const std::string& condition, http::Validators validators = file) {
        const std::string text = "GET / HTTP/1.0\r\nIf-Range: " + condition + "\r\n\r\n";
        return http::range_applies(complete(text), validators);
    };
    EXPECT_TRUE(applies("\"v1\""));
    EXPECT_FALSE(applies("W/\"v1\""));
    EXPECT_FALSE(applies("\"v0\""));
    EXPECT_TRUE(applies("Sun, 06 Nov 1994 08:49:37 GMT"));
    EXPECT_FALSE(applies("Sun, 06 Nov 1994 08:49:38 GMT"));
    EXPECT_FALSE(applies("nonsense"));
    EXPECT_FALSE(applies("\"v1\"", {"W/\"v1\"", example, example}));
}

std::string resolved(std::string_view target)
{
    http::FilePath path;
    const int status = http::resolve_target(target, "/www", path);
    return status == 0 ? std::string(path.text, path.length) : std::to_string(status);
}

TEST(HttpPath, DecodesAndResolves)
{
    EXPECT_EQ(resolved("/index.html"), "/www/index.html");
    EXPECT_EQ(resolved("/a%20b.txt"), "/www/a b.txt");
    EXPECT_EQ(resolved("/a/./b/../c"), "/www/a/c");
    EXPECT_EQ(resolved("//a///b"), "/www/a/b");
    EXPECT_EQ(resolved("/a?b=../../c"), "/www/a");
    EXPECT_EQ(resolved("/%69ndex.html"), "/www/index.html");
    EXPECT_EQ(resolved("/..a/b.."), "/www/..a/b..");
}

TEST(HttpPath, NeverLeavesTheRoot)
{
    for (const char* target : {"/..", "/../", "/../etc", "/a/../..", "/a/../../www/index.html",
                               "/%2e%2e/x", "/%2E./x", "/a%2f..%2f..%2fx", "/./.."}) {
        EXPECT_EQ(resolved(target), "400") << target;
    }
}

TEST(HttpPath, RefusesBadBytes)
{
    for (const char* target : {"/%00", "/a%", "/a%4", "/a%zz", "/a%0a", "/%7f", "relative"}) {
        EXPECT_EQ(resolved(target), "400") << target;
    }
    EXPECT_EQ(resolved("/" + std::string(2000, 'a')), "414");
    EXPECT_EQ(resolved(std::string(2000, '/')), "/www");
}

TEST(HttpPath, TellsTheRootAndDirectories)
{
    http::FilePath path;
    for (const char* target : {"/", "/.", "/a/..", "//", "/?x"}) {
        EXPECT_EQ(http::resolve_target(target, "/www", path), 0);
        EXPECT_TRUE(path.is_root) << target;
        EXPECT_TRUE(path.names_directory) << target;
    }
    EXPECT_EQ(http::resolve_target("/index.html/", "/www", path), 0);
    EXPECT_TRUE(path.names_directory);
    EXPECT_EQ(http::resolve_target("/a/../b", "/www", path), 0);
    EXPECT_FALSE(path.names_directory);
    EXPECT_FALSE(path.is_root);
}

TEST(HttpPath, KnowsMediaTypes)
{
    EXPECT_STREQ(http::content_type("/www/index.html"), "text/html; charset=utf-8");
    EXPECT_STREQ(http::content_type("/www/a.PNG"), "image/png");
    EXPECT_STREQ(http::content_type("/www/a.b/c"), "application/octet-stream");
    EXPECT_STREQ(http::content_type("/www/a."), "application/octet-stream");
}

} // namespace
