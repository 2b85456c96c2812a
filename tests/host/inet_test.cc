// Internet addresses as text.
#include "lib/inet.cc"

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(InetTest, ReadsFourBytes)
{
    in_addr address;
    EXPECT_EQ(inet_aton("10.0.2.15", &address), 1);
    EXPECT_EQ(ntohl(address.s_addr), 0x0A00020FU);
    EXPECT_STREQ(inet_ntoa(address), "10.0.2.15");
    EXPECT_EQ(inet_aton("255.255.255.255", &address), 1);
    EXPECT_EQ(address.s_addr, 0xFFFFFFFF);
    EXPECT_EQ(inet_aton("0.0.0.0", &address), 1);
    EXPECT_EQ(inet_addr("127.0.0.1"), htonl(INADDR_LOOPBACK));
}

TEST(InetTest, RefusesEverythingElse)
{
    in_addr address;
    for (const char* text : {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "256.1.1.1",
                             "1..2.3", ".1.2.3", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "a.b.c.d",
                             "99999999999.1.1.1", "0x1.2.3.4"}) {
        EXPECT_EQ(inet_aton(text, &address), 0) << text;
    }
    EXPECT_EQ(inet_addr("localhost"), INADDR_NONE);
}

// The text that comes out when `text` goes in; "" if it is no address.
std::string ip6_again(const char* text)
{
    in6_addr address;
    char result[INET6_ADDRSTRLEN] = {};
    if (inet_pton(AF_INET6, text, &address) != 1) {
        return "";
    }
    return inet_ntop(AF_INET6, &address, result, sizeof result);
}

TEST(InetTest, WritesIPv6AddressesTheOneRightWay)
{
    const std::pair<const char*, const char*> texts[] = {
        {"::", "::"},
        {"::1", "::1"},
        {"fe80::1", "fe80::1"},
        {"FEC0:0:0:0:5054:00FF:FE12:3456", "fec0::5054:ff:fe12:3456"},
        {"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"},
        {"2001:0:0:1:0:0:1:1", "2001::1:0:0:1:1"},
        {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
        {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
        {"::ffff:10.0.2.2", "::ffff:a00:202"},
        {"1:2:3:4:5:6:10.0.2.2", "1:2:3:4:5:6:a00:202"}};
    for (const auto& [text, result] : texts) {
        EXPECT_EQ(ip6_again(text), result);
    }
}

TEST(InetTest, RefusesWhatIsNoIPv6Address)
{
    for (const char* text : {"", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                             "12345::", "g::", "::1 ", " ::1", "1:", "1::2:", ":1", "::1.2.3",
                             "1:2:3:4:5:6:7:1.2.3.4", "10.0.2.2", "1:2:3:4:5:6:7:8::"}) {
        EXPECT_EQ(ip6_again(text), "") << text;
    }
    char small[4];
    in6_addr address;
    EXPECT_EQ(inet_ntop(AF_INET6, &address, small, 2), nullptr);
    EXPECT_STREQ(inet_ntop(AF_INET6, &address, small, 3), "::");
    EXPECT_EQ(inet_pton(7, "::", &address), to_abi(Error::not_supported));
}

} // namespace
