// The echo server (RFC 862): sends back what it gets on port 7, tcp and udp. One environment serves
// all clients. A turn of all that are ready is one message to the network server
// (lib/socket_batch.hh): what came in the last turn goes back while the next is received.
#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <span>

#include "lib/lib.hh"
#include "lib/socket_batch.hh"

namespace {

constexpr uint16_t port = 7;
constexpr int max_clients = 100;
constexpr int accept_pause_ms = 100;            // while there is no place, or no memory

// The batch's memory: for datagrams, two buffers for each client (one that is sent, one that is
// received into), and larger ones for the clients that fill theirs.
constexpr uintptr_t batch_pages = 0x20000000;
constexpr size_t datagram_bytes = 16384;
constexpr size_t small_bytes = 512, large_bytes = 16384;
constexpr int large_pairs = 3;
constexpr size_t large_from = datagram_bytes + max_clients * 2 * small_bytes;
constexpr uint32_t own_calls = 3, calls_a_client = 2;
constexpr size_t batch_bytes = large_from + large_pairs * 2 * large_bytes;

// Two buffers, used in turn.
class Pair {
public:
    Pair(std::byte* first, size_t size) : first_(first), size_(size) {}
    std::byte* other() { return first_ + (turn_ = !turn_) * size_; }
    size_t size() const { return size_; }

private:
    std::byte* first_;
    size_t size_;
    bool turn_ = false;
};

// The large buffers, for some clients at a time.
class LargeBuffers {
public:
    void use(std::byte* memory) { memory_ = memory; }
    int take()                              // a number; -1: all are taken
    {
        for (int number = 0; number < large_pairs; number++) {
            if (!taken_[static_cast<size_t>(number)]) {
                taken_[static_cast<size_t>(number)] = true;
                return number;
            }
        }
        return -1;
    }
    void give_back(int number) { taken_[static_cast<size_t>(number)] = false; }
    Pair pair(int number) const
    {
        return {memory_ + static_cast<size_t>(number) * 2 * large_bytes, large_bytes};
    }

private:
    std::byte* memory_ = nullptr;
    std::array<bool, large_pairs> taken_{};
};

// Bytes that lie in a buffer.
struct Bytes {
    std::byte* at = nullptr;
    size_t size = 0;
};

// A tcp client. When it has sent its last byte it gets what it is still owed, and is closed.
class Client {
public:
    void open(int socket, Pair small)
    {
        *this = Client();
        socket_ = socket;
        small_ = small;
    }
    bool in_use() const { return socket_ >= 0; }

    // Adds what the client needs to the batch; takes the results.
    void ask(SocketBatch& batch, LargeBuffers& large);
    void take(const SocketBatch& batch, LargeBuffers& large);

private:
    void take_sent(int sent);
    void take_received(int count, LargeBuffers& large);
    void give_back(LargeBuffers& large);

    int socket_ = -1;
    Pair small_{nullptr, 0};
    int large_number_ = -1;                 // of its large buffers, if it has any
    Pair large_{nullptr, 0};
    Bytes owed_;                            // what is to be sent now, and what after that
    Bytes next_;
    bool stuck_ = false;                    // the client did not take all: it is awaited
    bool finished_ = false;                 // there is nothing more to receive
    int sending_ = -1, receiving_ = -1;     // calls of the batch
};

void Client::give_back(LargeBuffers& large)
{
    if (large_number_ >= 0) {
        large.give_back(large_number_);
        large_number_ = -1;
    }
}

void Client::ask(SocketBatch& batch, LargeBuffers& large)
{
    using Await = SocketBatch::Await;
    sending_ = receiving_ = -1;
    if (owed_.size > 0) {
        sending_ = batch.send(socket_, owed_.at, owed_.size, stuck_ ? Await::yes : Await::no);
    } else {
        give_back(large);                   // nothing of its lies there any more
        if (finished_) {
            batch.close(socket_);
            socket_ = -1;
            return;
        }
    }
    if (next_.size == 0 && !finished_) {
        Pair& pair = large_number_ >= 0 ? large_ : small_;
        next_.at = pair.other();
        receiving_ = batch.receive(socket_, next_.at, pair.size());
    }
}

void Client::take(const SocketBatch& batch, LargeBuffers& large)
{
    if (sending_ >= 0) {
        take_sent(batch.result(sending_));
    }
    if (receiving_ >= 0) {
        take_received(batch.result(receiving_), large);
    }
    if (owed_.size == 0) {
        owed_ = next_;
        next_ = {};
    }
}

void Client::take_sent(int sent)
{
    if (sent < 0 && !would_wait(sent)) {
        owed_ = next_ = {};                 // the client has gone
        finished_ = true;
        return;
    }
    const size_t count = sent > 0 ? static_cast<size_t>(sent) : 0;
    owed_ = {owed_.at + count, owed_.size - count};
    stuck_ = owed_.size > 0;
}

// Who fills a small buffer gets large ones, if there are any.
void Client::take_received(int count, LargeBuffers& large)
{
    if (would_wait(count)) {
        return;
    }
    if (count <= 0) {
        finished_ = true;
        return;
    }
    next_.size = static_cast<size_t>(count);
    if (large_number_ < 0 && next_.size == small_.size()) {
        large_number_ = large.take();
        if (large_number_ >= 0) {
            large_ = large.pair(large_number_);
        }
    }
}

class EchoServer {
public:
    void start();
    [[noreturn]] void run();

private:
    std::byte* datagrams() const { return batch_.data(); }
    std::span<Client> clients() { return std::span(clients_).first(places_); }
    Pair small_pair(size_t number) const
    {
        return {batch_.data() + datagram_bytes + number * 2 * small_bytes, small_bytes};
    }
    void ask();
    void take_client();
    void take_datagrams();
    void echo_large_datagram();

    SocketBatch batch_;
    LargeBuffers large_;
    int listener_ = -1;
    int datagram_socket_ = -1;
    int accepting_ = -1, receiving_ = -1;   // calls of the batch
    Client* free_client_ = nullptr;
    bool pausing_ = false;                  // accept failed for want of resources
    size_t datagram_bytes_used_ = 0;        // by datagrams that are to be sent back
    std::array<Client, max_clients> clients_;
    size_t places_ = 0;                     // of clients_, up to the last in use
};

void EchoServer::start()
{
    must(batch_.open(batch_pages, own_calls, batch_bytes), "have memory for clients");
    large_.use(batch_.data() + large_from);
    listener_ = must(socket(AF_INET6, SOCK_STREAM), "open a tcp socket");      // and IPv4
    datagram_socket_ = must(socket(AF_INET6, SOCK_DGRAM), "open a udp socket");
    cprintf("opened socket\n");

    cprintf("trying to bind\n");
    const Endpoint own = Endpoint::any(AF_INET6, port);
    must(bind(listener_, own.address(), own.size()), "bind to tcp port 7");
    must(bind(datagram_socket_, own.address(), own.size()), "bind to udp port 7");
    const int on = 1;                       // connections have it from the listener
    must(setsockopt(listener_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), "set keep-alive");
    must(listen(listener_, SOMAXCONN), "listen");
    cprintf("bound\n");                     // from here on clients are answered
}

void EchoServer::run()
{
    for (;;) {
        ask();
        must(batch_.submit(pausing_ ? accept_pause_ms : -1), "wait for clients");
        pausing_ = false;
        for (Client& client : clients()) {
            if (client.in_use()) {
                client.take(batch_, large_);
            }
        }
        take_datagrams();
        take_client();
    }
}

void EchoServer::ask()
{
    batch_.clear();
    if (datagram_bytes_used_ > 0) {
        batch_.send_many(datagram_socket_, datagrams(), datagram_bytes_used_);
    }
    free_client_ = nullptr;
    size_t last = 0;
    for (Client& client : clients()) {
        if (client.in_use()) {
            client.ask(batch_, large_);
        }
        if (client.in_use()) {
            last = static_cast<size_t>(&client - clients_.data()) + 1;
        } else if (free_client_ == nullptr) {
            free_client_ = &client;
        }
    }
    places_ = last;
    if (free_client_ == nullptr && places_ < max_clients) {
        free_client_ = &clients_[places_];
    }
    receiving_ = batch_.receive_many(datagram_socket_, datagrams(), datagram_bytes);
    accepting_ = free_client_ != nullptr && !pausing_ ? batch_.accept(listener_) : -1;
}

void EchoServer::take_client()
{
    if (accepting_ < 0 || would_wait(batch_.result(accepting_))) {
        return;
    }
    const int socket = batch_.result(accepting_);
    if (socket < 0) {
        pausing_ = socket == to_abi(Error::max_open) || socket == to_abi(Error::no_memory);
        return;                             // else that client has gone already
    }
    cprintf("Client connected: %s\n", batch_.address(accepting_).text());
    const auto place = static_cast<size_t>(free_client_ - clients_.data());
    const size_t places = std::max(places_, place + 1);
    if (batch_.grow(own_calls + static_cast<uint32_t>(places) * calls_a_client, batch_bytes) < 0) {
        close(socket);
        pausing_ = true;
        return;
    }
    places_ = places;
    free_client_->open(socket, small_pair(place));
}

// A datagram that cannot be sent back is lost, as datagrams may be.
void EchoServer::take_datagrams()
{
    datagram_bytes_used_ = 0;
    const int count = batch_.result(receiving_);
    if (count == to_abi(Error::message_size)) {
        echo_large_datagram();
    }
    for (int i = 0; i < count; i++) {
        const auto* const record =
            reinterpret_cast<const DatagramRecord*>(datagrams() + datagram_bytes_used_);
        datagram_bytes_used_ += record->whole();
    }
}

// One that is larger than the batch's memory for datagrams.
void EchoServer::echo_large_datagram()
{
    static char buffer[65536];
    Endpoint peer;
    const int size = recvfrom(datagram_socket_, buffer, sizeof buffer, MSG_DONTWAIT, peer.to_fill(),
                              peer.size_to_fill());
    if (size >= 0) {
        sendto(datagram_socket_, buffer, static_cast<size_t>(size), 0, peer.address(), peer.size());
    }
}

// Built at run time, so that its buffers are no part of the program's file.
alignas(EchoServer) std::byte storage[sizeof(EchoServer)];

} // namespace

void umain(int, char**)
{
    EchoServer& server = *new (storage) EchoServer;
    server.start();
    server.run();
}
