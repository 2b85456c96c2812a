// iperf3's server: what it does with what a client may send, from the first byte to the results.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "user/iperf3/control.hh"
#include "user/iperf3/datagrams.hh"
#include "user/iperf3/pacer.hh"
#include "user/iperf3/parameters.hh"
#include "user/iperf3/results.hh"

namespace {

using iperf::Complaint;
using iperf::Control;
using iperf::DatagramCounter;
using iperf::DatagramHead;
using iperf::State;
using iperf::StreamResult;
using Stage = Control::Stage;

// What the client of version 3.12 sends.
const std::string tcp_parameters =
    R"({"tcp":true,"omit":0,"time":10,"num":0,"blockcount":0,"parallel":2,"len":131072,)"
    R"("pacing_timer":1000,"client_version":"3.12"})";
const std::string client_results =
    R"({"cpu_util_total":1.45,"cpu_util_user":0.62,"cpu_util_system":0.82,)"
    R"("sender_has_retransmits":1,"congestion_used":"bbr","streams":[)"
    R"({"id":1,"bytes":655360,"retransmits":0,"jitter":0,"errors":0,"packets":0,)"
    R"("start_time":0,"end_time":1.00012},{"id":3,"bytes":655361,"retransmits":0,)"
    R"("jitter":2.5e-05,"errors":7,"packets":9,"start_time":0,"end_time":1.000124}]})";

std::string number(uint32_t value)
{
    std::string bytes;
    for (const int shift : {24, 16, 8, 0}) {
        bytes += static_cast<char>(value >> shift);
    }
    return bytes;
}

std::string text(const std::string& json)
{
    return number(static_cast<uint32_t>(json.size())) + json;
}

std::string state(State value) { return {static_cast<char>(value)}; }

std::string complaint(Complaint value)
{
    return state(State::server_error) + number(static_cast<uint32_t>(value)) + number(0);
}

// A client, and what it has been sent.
class Client {
public:
    Client() { control->begin(); }

    // Has the machine take bytes as it asks for them, `piece` at a time at most; the rest once it
    // has ended is left, as a server closes the connection.
    void send(std::string_view bytes, size_t piece = SIZE_MAX)
    {
        while (!bytes.empty() && control->stage() != Stage::ended) {
            const std::span<char> room = control->room();
            ASSERT_FALSE(room.empty());
            const size_t count = std::min({room.size(), bytes.size(), piece});
            std::memcpy(room.data(), bytes.data(), count);
            control->received(count);
            bytes.remove_prefix(count);
        }
        take();
    }
    void take(size_t piece = SIZE_MAX)
    {
        while (!control->to_send().empty()) {
            const std::string_view part = control->to_send().substr(0, piece);
            got += part;
            control->sent(part.size());
        }
    }
    std::string failure() const { return control->failure() ? control->failure() : ""; }

    // Goes on until the machine is at this stage.
    void reach(Stage stage)
    {
        if (stage > Stage::parameters) {
            send(text(tcp_parameters));
        }
        if (stage > Stage::streams) {
            control->start();
        }
        if (stage > Stage::running) {
            send(state(State::test_end));
        }
        if (stage > Stage::results) {
            send(text(client_results));
        }
        if (stage > Stage::report) {
            control->report([](TextBuffer& to) { to.put("{}"); });
        }
        take();
        ASSERT_EQ(control->stage(), stage);
        got.clear();
    }

    std::unique_ptr<Control> control = std::make_unique<Control>();
    std::string got;
};

constexpr Stage all_stages[] = {Stage::parameters, Stage::streams, Stage::running,
                                Stage::results, Stage::report, Stage::showing};

TEST(Iperf3Control, GoesThroughATest)
{
    for (const size_t piece : {size_t{1}, size_t{3}, SIZE_MAX}) {
        Client client;
        client.send(text(tcp_parameters), piece);
        EXPECT_EQ(client.control->stage(), Stage::streams);
        EXPECT_EQ(client.control->parameters().streams, 2u);
        client.control->start();
        EXPECT_EQ(client.control->stage(), Stage::running);
        client.send(state(State::test_end), piece);
        EXPECT_EQ(client.control->stage(), Stage::results);
        client.send(text(client_results), piece);
        EXPECT_EQ(client.control->stage(), Stage::report);
        EXPECT_EQ(client.control->results().text(), client_results);
        client.control->report([](TextBuffer& to) { to.put("{\"a\":1}"); });
        client.take(piece);
        EXPECT_EQ(client.control->stage(), Stage::showing);
        client.send(state(State::iperf_done));
        EXPECT_EQ(client.control->stage(), Stage::ended);
        EXPECT_EQ(client.failure(), "");
        EXPECT_EQ(client.got, state(State::param_exchange) + state(State::create_streams)
                                  + state(State::test_start) + state(State::test_running)
                                  + state(State::exchange_results) + text("{\"a\":1}")
                                  + state(State::display_results));
    }
}

TEST(Iperf3Control, ServesTheNextClientAfterAnyEnd)
{
    Client client;
    for (const Stage stage : all_stages) {
        client.reach(stage);
        client.control->closed();
        EXPECT_EQ(client.control->stage(), Stage::ended);
        EXPECT_NE(client.failure().find("the client has gone"), std::string::npos);
        EXPECT_TRUE(client.control->to_send().empty());
        client.control->begin();
        client.take();
        EXPECT_EQ(client.got, state(State::param_exchange));
    }
    for (int i = 0; i < 50000; i++) {           // more bytes than there is room for in one test
        client.control->closed();
        client.control->begin();
        client.take();
    }
}

TEST(Iperf3Control, LosesItsClientInTheMiddleOfAText)
{
    const std::string whole = text(tcp_parameters);
    for (size_t size = 0; size < whole.size(); size++) {
        Client client;
        client.send(whole.substr(0, size));
        EXPECT_EQ(client.control->stage(), Stage::parameters);
        client.control->closed();
        EXPECT_EQ(client.failure(), "the client has gone before it sent its parameters");
    }
}

TEST(Iperf3Control, TakesTheClientsEndAtAnyTime)
{
    for (const Stage stage : all_stages) {
        Client client;
        client.reach(stage);
        client.send(state(State::client_terminate));
        if (stage != Stage::parameters && stage != Stage::results) {      // a size is read there
            EXPECT_EQ(client.failure(), "the client has ended the test");
            EXPECT_EQ(client.got, "");
        }
    }
}

TEST(Iperf3Control, EndsAtAStateThatIsOutOfPlace)
{
    for (const Stage stage : {Stage::streams, Stage::running, Stage::report, Stage::showing}) {
        for (int byte = 0; byte < 256; byte++) {
            const auto sent = static_cast<State>(byte);
            if (sent == State::client_terminate || (stage == Stage::running && byte == 4)
                || (stage == Stage::showing && byte == 16)) {
                continue;
            }
            Client client;
            client.reach(stage);
            client.send(state(sent));
            EXPECT_EQ(client.control->stage(), Stage::ended);
            EXPECT_EQ(client.failure(), "the client has sent what it must not send now");
            EXPECT_EQ(client.got, complaint(Complaint::unknown_message));
        }
    }
}

TEST(Iperf3Control, RefusesSizesOfTexts)
{
    for (const uint32_t size : {0u, 65537u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
        Client client;
        client.send(number(size) + "{}");
        EXPECT_EQ(client.failure(), "the client's parameters are empty, or longer than 64 KiB");
        EXPECT_EQ(client.got,
                  state(State::param_exchange) + complaint(Complaint::receive_parameters));

        Client later;
        later.reach(Stage::results);
        later.send(number(size) + "{}");
        EXPECT_EQ(later.failure(), "the client's results are empty, or longer than 64 KiB");
        EXPECT_EQ(later.got, complaint(Complaint::receive_results));
    }
}

TEST(Iperf3Control, TakesTheLongestText)
{
    std::string json = tcp_parameters;
    json.resize(Control::max_text_bytes, ' ');
    Client client;
    client.send(text(json), 1000);
    EXPECT_EQ(client.control->stage(), Stage::streams);
}

TEST(Iperf3Control, HasRoomForTheLongestReport)
{
    Client client;
    client.reach(Stage::report);
    client.control->report([](TextBuffer& to) {
        while (to.room() > 0) {
            to.put(' ');
        }
    });
    client.control->fail({Complaint::idle, "too late"});
    client.take();
    EXPECT_EQ(client.got, text(std::string(Control::max_text_bytes, ' '))
                              + state(State::display_results) + complaint(Complaint::idle));
}

TEST(Iperf3Control, EndsAtNonsense)
{
    for (const char* json : {"x", "[]", "1", "{", "{\"tcp\":true", "{\"tcp\":true}}", "null"}) {
        Client client;
        client.send(text(json));
        EXPECT_EQ(client.failure(), "the client's parameters are not a JSON object") << json;
        Client later;
        later.reach(Stage::results);
        later.send(text(json));
        EXPECT_EQ(later.failure(), "the client's results are not a JSON object") << json;
    }
}

// Whatever comes: it ends or waits for more, and says nothing but what the protocol has.
TEST(Iperf3Control, SurvivesDamagedClients)
{
    std::mt19937 random(1);
    for (int round = 0; round < 5000; round++) {
        std::string all = text(tcp_parameters) + "\x04" + text(client_results) + "\x10";
        for (unsigned damage = random() % 4; damage > 0; damage--) {
            all[random() % all.size()] = static_cast<char>(random());
        }
        all.resize(random() % (all.size() + 1));
        Client client;
        for (size_t sent = 0; sent < all.size() && client.control->stage() != Stage::ended;) {
            const size_t count = std::min<size_t>(1 + random() % 64, all.size() - sent);
            for (size_t i = 0; i < count; i++) {
                client.send(all.substr(sent + i, 1));
                if (client.control->stage() == Stage::streams) {
                    client.control->start();
                } else if (client.control->stage() == Stage::report) {
                    client.control->report([&](TextBuffer& to) {
                        const StreamResult stream{1, false, 1'000'000, 5, 0, 0, 0, 0};
                        iperf::write_report(to, {false, false, 1, 1'000'000, {&stream, 1}},
                                     client.control->results());
                    });
                }
            }
            sent += count;
        }
        client.control->closed();
        EXPECT_EQ(client.control->stage(), Stage::ended);
    }
}

std::string refused(const std::string& json)
{
    const auto result = iperf::read_parameters(json);
    return result ? "" : result.error().text;
}

TEST(Iperf3Parameters, AreReadAsTheClientSendsThem)
{
    const auto wanted = iperf::read_parameters(
        R"({"udp":true,"omit":2,"time":5,"num":0,"blockcount":0,"parallel":3,"reverse":true,)"
        R"("len":1448,"bandwidth":1048576,"burst":10,"get_server_output":1,"nodelay":true,)"
        R"("udp_counters_64bit":1,"client_version":"3.12"})");
    ASSERT_TRUE(wanted);
    EXPECT_TRUE(wanted->udp && wanted->to_client && wanted->wide_counters && wanted->wants_output
                && wanted->no_delay && !wanted->from_client);
    EXPECT_EQ(wanted->omit_s, 2u);
    EXPECT_EQ(wanted->duration_s, 5u);
    EXPECT_EQ(wanted->all_streams(), 3u);
    EXPECT_EQ(wanted->block_bytes, 1448u);
    EXPECT_EQ(wanted->bits_per_second, 1048576u);
    EXPECT_EQ(wanted->burst_blocks, 10u);
    EXPECT_EQ(wanted->window_bytes, 0u);
    EXPECT_EQ(iperf::read_parameters(R"({"tcp":true,"window":65536})")->window_bytes, 65536u);
    EXPECT_EQ(iperf::read_parameters(R"({"tcp":true,"bidirectional":true,"parallel":4})")
                  ->all_streams(), 8u);
}

TEST(Iperf3Parameters, AreRefusedBeyondTheirLimits)
{
    EXPECT_EQ(refused(R"({"tcp":true,"parallel":128,"len":1048576,"time":86400,"omit":600})"), "");
    for (const char* json : {R"({"tcp":true,"parallel":129})", R"({"tcp":true,"parallel":0})",
                             R"({"tcp":true,"parallel":-1})", R"({"tcp":true,"parallel":"2"})",
                             R"({"tcp":true,"parallel":1e30})",
                             R"({"tcp":true,"bidirectional":true,"parallel":65})"}) {
        EXPECT_EQ(refused(json), "the number of streams is beyond 1 to 128") << json;
    }
    for (const char* json : {R"({"tcp":true,"len":0})", R"({"tcp":true,"len":1048577})",
                             R"({"tcp":true,"len":-5})", R"({"tcp":true,"len":4294967296})"}) {
        EXPECT_EQ(refused(json), "the block size is beyond 1 byte to 1 MiB") << json;
    }
    for (const char* json : {R"({"udp":true,"len":15})", R"({"udp":true,"len":65508})",
                             R"({"udp":true,"len":1e9})"}) {
        EXPECT_EQ(refused(json), "the datagrams' size is beyond 16 to 65507 bytes") << json;
    }
    EXPECT_EQ(refused(R"({"tcp":true,"time":86401})"), "the test's duration is beyond a day");
    EXPECT_EQ(refused(R"({"tcp":true,"omit":601})"), "more than 600 s are to be omitted");
    EXPECT_EQ(refused(R"({"tcp":true,"burst":1001})"), "a burst of more than 1000 blocks");
    EXPECT_EQ(refused(R"({"sctp":true})"), "the client wants neither TCP nor UDP");
    EXPECT_EQ(refused(R"({"tcp":true,"reverse":true,"bidirectional":true})"),
              "the client wants both -R and --bidir");
}

TEST(Iperf3Datagrams, HeadsAreAsOnTheWire)
{
    const std::string narrow("\x00\x00\x63\x98\x00\x04\xf4\x9d\x00\x00\x00\x01", 12);
    const DatagramHead head = DatagramHead::read(narrow, false);
    EXPECT_EQ(head.sent_us, 0x6398u * 1'000'000ull + 0x4f49d);
    EXPECT_EQ(head.number, 1u);
    std::array<char, 12> written{};
    head.write(written, false);
    EXPECT_EQ(std::string(written.data(), written.size()), narrow);

    std::array<char, 16> wide{};
    const DatagramHead large{1'234'567'890'123'456, 0x123456789ABCDEF0};
    large.write(wide, true);
    EXPECT_EQ(DatagramHead::read(wide, true).number, large.number);
    EXPECT_EQ(DatagramHead::read(wide, true).sent_us, large.sent_us);
}

DatagramCounter counted(const std::vector<uint64_t>& numbers)
{
    DatagramCounter counter;
    for (const uint64_t each : numbers) {
        counter.count({1000 * each, each}, 5'000'000 + 1000 * each);
    }
    return counter;
}

TEST(Iperf3Datagrams, CountsLossAndOrder)
{
    EXPECT_EQ(counted({1, 2, 3, 4}).lost(), 0u);
    EXPECT_EQ(counted({1, 2, 3, 4}).sent(), 4u);
    EXPECT_EQ(counted({2, 5}).lost(), 3u);
    EXPECT_EQ(counted({2, 5}).sent(), 5u);
    const DatagramCounter late = counted({1, 4, 2, 3, 5});
    EXPECT_EQ(late.lost(), 0u);
    EXPECT_EQ(late.out_of_order(), 2u);
    EXPECT_EQ(counted({1, 1, 1}).lost(), 0u);
    EXPECT_EQ(counted({1, 1, 1}).out_of_order(), 2u);
    EXPECT_EQ(counted({0}).lost(), 0u);
    EXPECT_EQ(counted({UINT64_MAX}).lost(), UINT64_MAX - 1);
    EXPECT_EQ(counted({UINT64_MAX, 0, 1}).out_of_order(), 2u);
}

TEST(Iperf3Datagrams, JitterIsTheMeanChangeOfTheTimeOnTheWay)
{
    EXPECT_EQ(counted({1, 2, 3, 4, 5, 6}).jitter_us(), 0u);
    DatagramCounter counter;
    for (uint64_t i = 1; i <= 1000; i++) {              // every other is 160 us late
        counter.count({1000 * i, i}, 77 + 1000 * i + (i % 2) * 160);
    }
    EXPECT_NEAR(static_cast<double>(counter.jitter_us()), 160.0, 1.0);
    DatagramCounter behind;                             // a sender whose clock is ahead of ours
    behind.count({1'000'000'000, 1}, 5);
    behind.count({1'000'001'000, 2}, 1005);
    EXPECT_EQ(behind.jitter_us(), 0u);
}

TEST(Iperf3Pacer, SendsAtTheRateOnAverage)
{
    iperf::Pacer pacer;
    pacer.start(8'000'000, 1000, 1, 500);               // a millisecond a block
    EXPECT_EQ(pacer.us_until_due(500), 0u);
    pacer.sent(1000);
    EXPECT_EQ(pacer.us_until_due(500), 1000u);
    EXPECT_EQ(pacer.us_until_due(1499), 1u);
    EXPECT_EQ(pacer.us_until_due(1500), 0u);
    int blocks = 0;
    for (; pacer.us_until_due(10'500) == 0; blocks++) { // late: what has fallen due meanwhile
        pacer.sent(1000);
    }
    EXPECT_EQ(blocks, 10);
    pacer.sent(400);                                    // a part of a block only
    EXPECT_EQ(pacer.us_until_due(11'500), 0u);
    pacer.sent(600);
    EXPECT_EQ(pacer.us_until_due(11'500), 1000u);
    pacer.pause_until(20'000);
    EXPECT_EQ(pacer.us_until_due(11'500), 8500u);
}

TEST(Iperf3Pacer, HasBurstsAndNoLimit)
{
    iperf::Pacer pacer;
    pacer.start(8'000'000, 1000, 3, 0);
    pacer.sent(1000);
    pacer.sent(1000);
    EXPECT_EQ(pacer.us_until_due(0), 0u);
    pacer.sent(1000);
    EXPECT_EQ(pacer.us_until_due(0), 3000u);
    for (const uint64_t rate : {uint64_t{0}, UINT64_MAX}) {
        pacer.start(rate, 1 << 20, 1000, 7);
        pacer.sent(1'000'000'000);
        EXPECT_EQ(pacer.us_until_due(7), 0u);
    }
    pacer.start(1, 1 << 20, 1000, 0);
    pacer.sent(1 << 20);
    EXPECT_EQ(pacer.us_until_due(0), 0u);
}

TEST(Iperf3Results, AreJsonForTheClient)
{
    const std::array<StreamResult, 2> streams{{{1, false, 1'500'000, 655360, 20, 3, 1, 12'345},
                                               {3, true, 1'500'000, UINT64_MAX, 0, 0, 0, 0}}};
    std::array<char, 4096> buffer;
    TextBuffer text_buffer(buffer);
    iperf::write_results(text_buffer, {true, true, 750'000, 1'500'000, streams}, "a \"line\"\n");
    const auto value = json::Value::parse(text_buffer.text());
    ASSERT_TRUE(value);
    EXPECT_EQ(value->member("cpu_util_total")->scaled(3), 50'000);
    EXPECT_EQ(value->member("sender_has_retransmits")->scaled(0), 0);
    EXPECT_EQ(value->member("server_output_text")->text(), "\"a \\u0022line\\u0022\\u000a\"");
    json::Elements elements(*value->member("streams"));
    const auto first = elements.next(), second = elements.next();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->member("id")->scaled(0), 1);
    EXPECT_EQ(first->member("bytes")->scaled(0), 655360);
    EXPECT_EQ(first->member("errors")->scaled(0), 3);
    EXPECT_EQ(first->member("packets")->scaled(0), 20);
    EXPECT_EQ(first->member("jitter")->scaled(6), 12'345);
    EXPECT_EQ(first->member("end_time")->scaled(6), 1'500'000);
    EXPECT_EQ(second->member("bytes")->text(), "18446744073709551615");
    EXPECT_FALSE(elements.next());
}

TEST(Iperf3Results, OfTheClientAreFound)
{
    const auto results = json::Value::parse(client_results);
    StreamResult ours;
    ours.id = 3;
    ours.to_client = true;
    const auto found = client_result(*results, ours);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, 655361u);
    EXPECT_EQ(found->elapsed_us, 1'000'124u);
    EXPECT_EQ(found->jitter_us, 25u);
    EXPECT_EQ(found->lost, 7u);
    EXPECT_EQ(found->datagrams, 9u);
    EXPECT_TRUE(found->to_client);
    ours.id = 2;
    EXPECT_FALSE(client_result(*results, ours));
    for (const char* nonsense : {"{}", R"({"streams":{}})", R"({"streams":[1,[],{}]})"}) {
        EXPECT_FALSE(client_result(*json::Value::parse(nonsense), ours));
    }
}

std::string bytes_text(uint64_t value)
{
    std::array<char, 64> buffer;
    TextBuffer to(buffer);
    iperf::put_bytes(to, value);
    return std::string(to.text());
}

std::string rate_text(uint64_t bytes, uint64_t us)
{
    std::array<char, 64> buffer;
    TextBuffer to(buffer);
    iperf::put_rate(to, bytes, us);
    return std::string(to.text());
}

TEST(Iperf3Results, AmountsHaveThreeDigitsAndAUnit)
{
    EXPECT_EQ(bytes_text(0), "0.00 Bytes");
    EXPECT_EQ(bytes_text(655360), "640 KBytes");
    EXPECT_EQ(bytes_text(1310720), "1.25 MBytes");
    EXPECT_EQ(bytes_text(34917581), "33.3 MBytes");
    EXPECT_EQ(bytes_text(5ull << 40), "5120 GBytes");
    EXPECT_EQ(bytes_text(UINT64_MAX), "17179869184 GBytes");
    EXPECT_EQ(rate_text(655360, 1'000'000), "5.24 Mbits/sec");
    EXPECT_EQ(rate_text(125, 1'000'000), "1.00 Kbits/sec");
    EXPECT_EQ(rate_text(1'250'000'000, 1'000'000), "10.0 Gbits/sec");
    EXPECT_EQ(rate_text(0, 0), "0.00 bits/sec");
    EXPECT_NE(rate_text(UINT64_MAX, UINT64_MAX), "");
    EXPECT_NE(rate_text(UINT64_MAX, 0), "");
}

std::string report(const iperf::TestResult& ours, const std::string& client)
{
    std::array<char, 4096> buffer;
    TextBuffer to(buffer);
    iperf::write_report(to, ours, *json::Value::parse(client));
    return std::string(to.text());
}

TEST(Iperf3Results, AreReportedWithSums)
{
    const std::array<StreamResult, 2> streams{{{1, false, 1'000'000, 655360, 0, 0, 0, 0},
                                               {3, false, 1'000'000, 655360, 0, 0, 0, 0}}};
    EXPECT_EQ(report({false, false, 0, 1'000'000, streams}, client_results),
              "- - - - - - - - - - - - - - - - - - - - - - - - -\n"
              "[ ID]   Interval          Transfer         Bitrate\n"
              "[  1]   0.00-1.00    sec   640 KBytes  5.24 Mbits/sec  sender\n"
              "[  1]   0.00-1.00    sec   640 KBytes  5.24 Mbits/sec  receiver\n"
              "[  3]   0.00-1.00    sec   640 KBytes  5.24 Mbits/sec  sender\n"
              "[  3]   0.00-1.00    sec   640 KBytes  5.24 Mbits/sec  receiver\n"
              "[SUM]   0.00-1.00    sec  1.25 MBytes  10.5 Mbits/sec  sender\n"
              "[SUM]   0.00-1.00    sec  1.25 MBytes  10.5 Mbits/sec  receiver\n");
}

TEST(Iperf3Results, AreReportedWithoutTheClientsPart)
{
    const StreamResult stream{1, false, 2'000'000, 1'000'000, 100, 5, 2, 1500};
    EXPECT_EQ(report({true, false, 0, 2'000'000, {&stream, 1}}, "{}"),
              "- - - - - - - - - - - - - - - - - - - - - - - - -\n"
              "[ ID]   Interval          Transfer         Bitrate  Jitter    Lost/Total Datagrams\n"
              "[  1]   0.00-2.00    sec   977 KBytes  4.00 Mbits/sec  1.500 ms  5/100 (5.0%)"
              "  receiver\n"
              "[  1]   2 datagrams out of order\n");
}

} // namespace
