// Internet addresses as text.
#include "lib/inet.cc"

#include <gtest/gtest.h>

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

} // namespace
