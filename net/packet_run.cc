#include "net/packet_run.hh"

static uint32_t address_of(const void* at)
{
    return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(at));
}

NetFrame frame_at(const jif_pkt& page)
{
    const auto length = static_cast<uint32_t>(page.jp_len);
    if (page.jp_len >= 0) {
        return {address_of(page.jp_data), length};
    }
    return {address_of(page.jp_data), (0 - length) | NetFrame::described};
}

static uint32_t length_of(const NetFrame& frame) { return frame.length & ~NetFrame::described; }

uint32_t pages_of(const NetFrame& frame)
{
    const bool described = (frame.length & NetFrame::described) != 0;
    const size_t begin = described ? DescribedPacket::data_at : sizeof(int32_t);
    const uint32_t length = length_of(frame);
    return length == 0 ? 1 : static_cast<uint32_t>((begin + length + PGSIZE - 1) / PGSIZE);
}

uint32_t frames_of(const jif_pkt* pages, uint32_t page_count, std::span<NetFrame> frames,
                   uint32_t& dropped)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < page_count && count < frames.size();) {
        const NetFrame frame = frame_at(pages[i]);
        const bool described = (frame.length & NetFrame::described) != 0;
        const uint32_t length = length_of(frame);
        if (length == 0 || length > (described ? max_segmented_bytes : max_frame_bytes)
            || pages_of(frame) > page_count - i) {
            dropped++;
            i++;
            continue;
        }
        frames[count++] = frame;
        i += pages_of(frame);
    }
    return count;
}
