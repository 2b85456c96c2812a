#include "kern/memory/page_account.hh"

#include "kern/memory/frames.hh"

bool PageAllowance::allows(uint32_t pages) const
{
    return used <= limit && pages <= limit - used
        && uint64_t{reserve} + pages <= frame_counts().free;
}
