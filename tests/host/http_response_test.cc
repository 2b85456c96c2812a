// The web server's response heads and its own pages.
#include <gtest/gtest.h>

#include <string>

#include "user/httpd/response.hh"

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

TEST(HttpResponse, NotAllowedNamesWhatIs)
{
    http::ResponseHead head;
    head.status = 405;
    EXPECT_NE(head_of(head).find("\r\nAllow: GET, HEAD\r\n"), std::string::npos);
    EXPECT_NE(head_of(head).find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST(HttpResponse, EveryStatusHasAReasonAndAPageThatFits)
{
    for (const int status : {200, 400, 403, 404, 405, 414, 431, 500, 501, 503, 505}) {
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

TEST(HttpResponse, RootPageLinksToThePages)
{
    EXPECT_NE(http::root_page.find("href=\"/index.html\""), std::string_view::npos);
}

} // namespace
