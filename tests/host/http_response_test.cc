// The web server's response heads and its own pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "user/httpd/listing.hh"
#include "user/httpd/response.hh"
#include "user/httpd/status_json.hh"

namespace {

std::string head_of(const http::ResponseHead& head)
{
    char buffer[1024];
    return std::string(buffer, http::write_head(head, buffer));
}

TEST(HttpResponse, HeadHasEveryLineAndItsEnd)
{
    http::ResponseHead head;
    head.content_type = "text/plain";
    head.content_length = 5'000'000'000;
    head.keep_alive = true;
    EXPECT_EQ(head_of(head), "HTTP/1.1 200 OK\r\n"
                             "Server: JOS++\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 5000000000\r\n"
                             "Connection: keep-alive\r\n"
                             "\r\n");
}

TEST(HttpResponse, FileHeadsTellDatesTagsAndRanges)
{
    const http::Range range{100, 50};
    const std::string text = head_of({.status = 206, .content_length = 50, .date = 784'111'777,
                                      .modified = 784'111'776, .etag = "\"a\"", .is_file = true,
                                      .range = &range, .file_size = 1000});
    for (const char* line : {"HTTP/1.1 206 Partial Content", "Date: Sun, 06 Nov 1994 08:49:37 GMT",
                             "Last-Modified: Sun, 06 Nov 1994 08:49:36 GMT", "ETag: \"a\"",
                             "Accept-Ranges: bytes", "Content-Range: bytes 100-149/1000",
                             "Content-Length: 50"}) {
        EXPECT_NE(text.find(std::string(line) + "\r\n"), std::string::npos) << line;
    }
    const std::string unsatisfiable = head_of({.status = 416, .file_size = 7});
    EXPECT_NE(unsatisfiable.find("\r\nContent-Range: bytes */7\r\n"), std::string::npos);
}

TEST(HttpResponse, NotModifiedHasNoBody)
{
    const std::string text = head_of({.status = 304, .framing = http::Framing::no_body,
                                      .etag = "\"a\"", .is_file = true});
    EXPECT_EQ(text.find("Content-"), std::string::npos);
    EXPECT_NE(text.find("\r\nETag: \"a\"\r\n"), std::string::npos);
}

TEST(HttpResponse, PartsHaveTheirOwnHeads)
{
    const http::Range range{0, 5};
    char buffer[256];
    const auto part = [&](const http::Range* which) {
        return std::string(buffer, http::write_part_head("B", "text/plain", which, 9, buffer));
    };
    EXPECT_EQ(part(&range), "\r\n--B\r\nContent-Type: text/plain\r\n"
                            "Content-Range: bytes 0-4/9\r\n\r\n");
    EXPECT_EQ(part(nullptr), "\r\n--B--\r\n");
}

TEST(HttpResponse, NotAllowedNamesWhatIs)
{
    http::ResponseHead head;
    head.status = 405;
    EXPECT_NE(head_of(head).find("\r\nAllow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
    EXPECT_NE(head_of(head).find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST(HttpResponse, EveryStatusHasAReasonAndAPageThatFits)
{
    for (const int status :
         {200, 204, 206, 301, 304, 400, 403, 404, 405, 411, 412, 414, 416, 431, 500, 501, 503, 505}) {
        EXPECT_STRNE(http::reason(status), "Unknown") << status;
        char page[512];
        const size_t size = http::write_error_page(status, page);
        const std::string text(page, size);
        EXPECT_TRUE(text.ends_with("</html>\n")) << status;
        EXPECT_NE(text.find(std::to_string(status)), std::string::npos);
    }
}

TEST(HttpResponse, SmallBuffersAreNotOverrun)
{
    char buffer[16];
    EXPECT_EQ(http::write_head({}, buffer), 0u);
    EXPECT_EQ(http::write_error_page(404, buffer), sizeof buffer - 1);
}

TEST(HttpListing, NamesCannotBecomeMarkup)
{
    char buffer[http::largest_listing_entry];
    TextBuffer page(buffer);
    http::write_listing_entry(page, {"<a b>&\"'%", true, 0, 784'111'777});
    const std::string text(page.text());
    EXPECT_NE(text.find("href=\"%3Ca%20b%3E%26%22%27%25/\""), std::string::npos) << text;
    EXPECT_NE(text.find(">&lt;a b&gt;&amp;&quot;'%/</a>"), std::string::npos) << text;
    EXPECT_NE(text.find("Sun, 06 Nov 1994"), std::string::npos);
}

TEST(HttpListing, TheLongestNameFits)
{
    char buffer[http::largest_listing_entry];
    TextBuffer page(buffer);
    http::write_listing_entry(page, {std::string(127, '"'), false, INT32_MAX, 1});
    EXPECT_FALSE(page.overflowed());
}

TEST(HttpListing, TheLongestPathFits)
{
    char buffer[http::largest_listing_head];
    TextBuffer page(buffer);
    http::write_listing_head(page, std::string(1023, '"'));
    EXPECT_FALSE(page.overflowed());
    EXPECT_NE(page.text().find("<h1>Files in ...&quot;"), std::string_view::npos);
}

TEST(HttpResponse, LocationsAreLinksToThisHost)
{
    const std::string text = head_of({.status = 301, .location = "/a b\r\nX: \\"});
    EXPECT_NE(text.find("\r\nLocation: /a%20b%0D%0AX%3A%20%5C/\r\n"), std::string::npos) << text;
}

TEST(StatusJson, EnvironmentsFitWhateverTheirNames)
{
    Env entry;
    entry.env_id = INT32_MAX;
    entry.env_runs = entry.env_cpu_us_low = entry.env_cpu_us_high = UINT32_MAX;
    entry.env_pages = entry.env_ipc_sent = entry.env_ipc_received = UINT32_MAX;
    std::fill(std::begin(entry.env_name), std::end(entry.env_name), '"');
    char buffer[http::largest_status_entry];
    TextBuffer json(buffer);
    http::write_status_entry(json, entry, false);
    EXPECT_FALSE(json.overflowed());
    EXPECT_NE(json.text().find("\\u0022\\u0022"), std::string_view::npos);
    EXPECT_TRUE(json.text().ends_with("\"cpu_us\":18446744073709551615}"));
}

TEST(StatusJson, TheLargestHeadFits)
{
    NetworkStatus network;
    network.has_card = 1;
    network.rings.transmit.slots = network.rings.receive.slots = UINT32_MAX;    // a lie
    network.rings.receive.state.fill(RingSlot::frame);
    char buffer[3072];
    TextBuffer json(buffer);
    InterfaceInfo interface;
    interface.malformed = interface.no_memory = UINT32_MAX;
    http::write_status_head(json, {UINT64_MAX, {}, &network, &interface});
    EXPECT_FALSE(json.overflowed());
    EXPECT_NE(json.text().find(std::string(max_ring_slots, 'f') + '"'), std::string_view::npos);
}

TEST(HttpResponse, RootPageLinksToThePages)
{
    EXPECT_NE(http::root_page.find("href=\"/index.html\""), std::string_view::npos);
}

} // namespace
