// The web server's request parser and its way from targets to files.
#include <gtest/gtest.h>

#include <string>

#include "user/httpd/path.hh"
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
    EXPECT_EQ(complete("OPTIONS * HTTP/1.0\r\n\r\n").method, Method::not_allowed);
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
    EXPECT_EQ(complete("GET / HTTP/1.0\r\n" + twice + "5\r\n\r\n").body_bytes, 5u);
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\n" + twice + "6\r\n\r\n"), 400);
    for (const char* bad : {"", "-1", "+1", "1 2", "0x10", "99999999999999999999", "1,1"}) {
        EXPECT_EQ(refusal(std::string("GET / HTTP/1.0\r\nContent-Length: ") + bad + "\r\n\r\n"),
                  400);
    }
    EXPECT_EQ(refusal("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
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

std::string resolved(std::string_view target)
{
    http::FilePath path;
    const int status = http::resolve_target(target, path);
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
        EXPECT_EQ(http::resolve_target(target, path), 0);
        EXPECT_TRUE(path.is_root) << target;
        EXPECT_TRUE(path.names_directory) << target;
    }
    EXPECT_EQ(http::resolve_target("/index.html/", path), 0);
    EXPECT_TRUE(path.names_directory);
    EXPECT_EQ(http::resolve_target("/a/../b", path), 0);
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
